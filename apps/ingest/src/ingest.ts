import type { Catalog } from '@vectorizer/cluster';
import {
  withTimeToAnswer,
  write,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type CollectionUid,
  type NodeId,
  type Sequences,
  type WriteAnswer,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { counter, histogram, type Logger } from '@vectorizer/telemetry';
import type { z } from 'zod';
import { outcomesOf } from './appliers.ts';
import { joinOutcomes, splitByShard, type ShardPart } from './split.ts';

export type IngestOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly logger: Logger;
};
type WriteInput = z.output<typeof write.input>;
type Logged = { readonly part: ShardPart; readonly sequence: number };

const operations = counter({ name: 'vectorizer_ingest_operations_total', help: 'Operations logged' });
const publishing = histogram({
  name: 'vectorizer_ingest_log_seconds',
  help: 'Time until a request is durable in the log, waiting for its turn included',
});

/** Takes writes into the log and says what became of them. Keeps no state: any number of these may run. */
export class Ingest {
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
    // A dropped collection's writers would otherwise stay for the life of the process.
    options.catalog.onChange(({ kind, record }) => {
      if (kind === 'dropped') options.log.forget(record.uid);
    });
  }

  serve(): void {
    this.#options.bus.serve(write, async (input, context) => this.write(input, context));
  }

  /**
   * Logs the operations, in order within each shard, and waits as asked. A failure after that says in its details what is
   * in the log (`logged`, `sequences`): a retry under the same request id answers the first outcome.
   */
  async write(input: WriteInput, context: CallContext): Promise<WriteAnswer> {
    const record = await this.#collection(input.uid);
    const parts = splitByShard(input.ops, record.config.shards);
    const logged = await this.#log(record, parts, {
      requestId: input.request_id,
      by: input.by,
      deadline: context.deadline,
    });
    const sequences = sequencesOf(record, logged);
    operations.inc(input.ops.length);
    if (input.wait === 'logged') return { sequences };
    const all = input.wait === 'replicated';
    // A caller that gave up first would not hear that its write is in the log.
    const timely = withTimeToAnswer(context);
    try {
      const outcomes = await Promise.all(
        logged.map(async ({ part, sequence }) => {
          // A repair may place it elsewhere meanwhile; of a collection that was dropped its nodes say so.
          const nodes = (): readonly NodeId[] => this.#latest(record).placement[part.shard] ?? [];
          const where = { uid: record.uid, shard: part.shard, requestId: input.request_id, sequence, nodes };
          return { part, outcomes: await outcomesOf(this.#options.bus, where, { context: timely, all }) };
        }),
      );
      return { sequences, outcomes: joinOutcomes(outcomes) };
    } catch (cause) {
      throw afterLogging(cause, sequences);
    }
  }

  async #log(
    record: CollectionRecord,
    parts: readonly ShardPart[],
    request: { readonly requestId: string; readonly by: string | undefined; readonly deadline: number },
  ): Promise<Logged[]> {
    const end = publishing.startTimer();
    const results = await Promise.allSettled(
      parts.map(async (part): Promise<Logged> => {
        const writer = this.#options.log.writer(record.uid, part.shard);
        const { sequence } = await writer.append(
          { id: request.requestId, ops: part.ops, by: request.by },
          request.deadline,
        );
        return { part, sequence };
      }),
    );
    end();
    const logged = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [Failure.from(result.reason)] : []));
    const failure = failures.find(mayBeLogged) ?? failures[0];
    if (failure === undefined) return logged;
    if (logged.length === 0) throw failure;
    throw withDetails(failure, { logged: 'partly', sequences: sequencesOf(record, logged) });
  }

  #latest(record: CollectionRecord): CollectionRecord {
    return this.#options.catalog.findByUid(record.uid) ?? record;
  }

  async #collection(uid: CollectionUid): Promise<CollectionRecord> {
    const record = await this.#options.catalog.hear(uid);
    if (record !== undefined) return record;
    throw new Failure('collection_not_found', 'the collection was dropped', { details: { uid } });
  }
}

function sequencesOf(record: CollectionRecord, logged: readonly Logged[]): Sequences {
  const sequences = Array.from({ length: record.config.shards }, () => 0);
  for (const { part, sequence } of logged) sequences[part.shard] = sequence;
  return sequences;
}

/** Of a part that was refused, or withdrawn while it waited, it is known that it is not. Otherwise the caller must not be told so. */
function mayBeLogged({ http, details }: Failure): boolean {
  return http >= 500 && details['logged'] !== false;
}

/** The write is durable, whatever kept its outcome from being known. */
function afterLogging(cause: unknown, sequences: Sequences): Failure {
  const failure = Failure.from(cause);
  if (failure.type === 'collection_not_found') return failure;
  const details = { logged: true, sequences };
  // Whatever may pass was asked for again until the time was up.
  if (failure.retryable) {
    const message = 'the write is in the log, but was not applied in time; it will be';
    return new Failure('deadline_exceeded', message, { cause: failure, details });
  }
  return withDetails(failure, details);
}

function withDetails(failure: Failure, details: Record<string, unknown>): Failure {
  return new Failure(failure.type, failure.message, { cause: failure, details: { ...failure.details, ...details } });
}
