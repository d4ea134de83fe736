import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, DeadLetters, TakenEvent } from '@vectorizer/cluster';
import {
  CorrelationId,
  failureOf,
  headerOf,
  type CallContext,
  type CollectionRecord,
  type Operation,
  type Outcome,
  type Wait,
  type WriteAnswer,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { counter, inRequest, type Logger } from '@vectorizer/telemetry';
import type { Ingest } from '../ingest.ts';
import { checkCovers, type Author, type EventAuthors } from './event-author.ts';
import type { EventRecords } from './event-records.ts';
import { inTraceOf } from './event-trace.ts';
import { checkVectors, readEvent, type ReadEvent } from './read-event.ts';
import { wavesOf } from './waves.ts';

/** One wave's time to be written; then all that is left is taken anew. */
const WRITE_MS_MAX = 10_000;
/** A producer may be quicker than the creation of its collection: so long after an event came, that may still be made. */
const CREATION_MS_MAX = 2_000;
const ASK_AGAIN_MS = 100;

export type ApplyParts = {
  readonly ingest: Pick<Ingest, 'write'>;
  readonly catalog: Catalog;
  readonly deadLetters: DeadLetters;
  readonly authors: EventAuthors;
  readonly records: EventRecords;
  readonly logger: Logger;
};

type Ready = {
  readonly event: TakenEvent;
  readonly read: ReadEvent;
  readonly record: CollectionRecord;
  readonly author: Author;
  readonly points: readonly string[];
};

const consumed = counter({ name: 'vectorizer_events_consumed_total', help: 'Events that are written or refused' });
const refused = counter({
  name: 'vectorizer_events_dead_lettered_total',
  help: 'Events that became dead letters',
  labelNames: ['type'],
});

/** Writes events, in the order of each point, and puts those aside that are at fault. */
export class ApplyEvents {
  readonly #parts: ApplyParts;

  constructor(parts: ApplyParts) {
    this.#parts = parts;
  }

  /** Acknowledges each when it is in the log or among the dead letters. Throws what may pass: the rest is to be taken anew. */
  async apply(batch: readonly TakenEvent[]): Promise<void> {
    const ready: Ready[] = [];
    const refusedAtOnce: TakenEvent[] = [];
    for (const event of batch) {
      const made = await this.#prepare(event);
      if (made === undefined) refusedAtOnce.push(event);
      else ready.push(made);
    }
    await this.#acknowledge(refusedAtOnce);
    for (const wave of wavesOf(ready)) {
      const deadline = Date.now() + WRITE_MS_MAX;
      const ends = await Promise.allSettled(wave.map(async (each) => this.#write(each, deadline)));
      // What is acknowledged is in the audit log; what is not comes again.
      const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      await this.#acknowledge(done);
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  }

  async #acknowledge(done: readonly TakenEvent[]): Promise<void> {
    await this.#parts.records.durable();
    for (const event of done) {
      consumed.inc();
      event.ack();
    }
  }

  async #prepare(event: TakenEvent): Promise<Ready | undefined> {
    try {
      const author = this.#parts.authors.check(event);
      const read = readEvent(event);
      checkCovers(author, read.collection, await this.#parts.catalog.find(read.collection));
      const record = await this.#collection(read.collection, event);
      checkCovers(author, read.collection, record);
      checkVectors(read.operations, record.config);
      return { event, read, record, author, points: read.operations.map((op) => `${record.uid} ${idOf(op)}`) };
    } catch (cause) {
      await this.#refuse(event, cause);
      return undefined;
    }
  }

  async #collection(name: string, event: TakenEvent): Promise<CollectionRecord> {
    const patientUntilMs = Math.min(event.at, Date.now()) + CREATION_MS_MAX;
    for (;;) {
      const record = await this.#parts.catalog.find(name);
      if (record !== undefined) return record;
      if (Date.now() >= patientUntilMs) {
        const details = { details: { collection: name } };
        throw new Failure('collection_not_found', `collection ${name} does not exist`, details);
      }
      await sleep(ASK_AGAIN_MS);
    }
  }

  async #write({ event, read, record, author }: Ready, deadline: number): Promise<TakenEvent> {
    const { operations, requestId } = read;
    const correlationId = correlationIdOf(event);
    // Only what may be refused by what is there needs to be waited for: the rest is as good as done when it is in the log.
    const wait: Wait = operations.some((op) => isConditional(op, event)) ? 'applied' : 'logged';
    const input = { uid: record.uid, request_id: requestId, ops: [...operations], wait };
    const context: CallContext = { correlationId, deadline };
    try {
      const write = async (): Promise<WriteAnswer> => this.#parts.ingest.write(input, context);
      const { outcomes = [] } = await inRequest(correlationId, async () => inTraceOf(event, write));
      throwRefused(operations, outcomes);
    } catch (cause) {
      await this.#refuse(event, cause);
      return event;
    }
    this.#parts.records.add({ event, author, count: operations.length, correlationId });
    return event;
  }

  /** Of what is not the event's fault nothing is said: it is thrown. */
  async #refuse(event: TakenEvent, cause: unknown): Promise<void> {
    const failure = Failure.from(cause);
    if (failure.http >= 500 || failure.retryable) throw failure;
    const { id, sequence, at, subject, headers, body } = event;
    const stored = { id, sequence, at, subject, headers, body };
    const [actor, correlationId] = [this.#parts.authors.claimed(event), correlationIdOf(event)];
    await this.#parts.deadLetters.put({
      v: 1,
      event: stored,
      error: failure.toWire(),
      at: new Date().toISOString(),
      actor,
    });
    this.#parts.records.addRefused({ event, actor, failure, correlationId });
    const about = { event: id, subject, actor, type: failure.type, correlation_id: correlationId };
    this.#parts.logger.warn(about, `event refused: ${failure.message}`);
    refused.inc({ type: failure.type });
  }
}

/** Whether what is there may be at odds with it. A deletion of what is not there has come to what it wants. */
function isConditional(op: Operation, event: TakenEvent): boolean {
  const named = headerOf(event, 'Idempotency-Key') ?? headerOf(event, 'Nats-Msg-Id');
  return op.kind === 'update' || named !== undefined || ('if_version' in op && op.if_version !== undefined);
}

/** The failure of the first operation that was refused, with those of all others. */
function throwRefused(operations: readonly Operation[], outcomes: readonly Outcome[]): void {
  const problems = operations.flatMap((op, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || (op.kind === 'delete' && outcome.status === 'not_found')) return [];
    const failure = failureOf(outcome, idOf(op));
    return failure === undefined ? [] : [{ index, id: idOf(op), failure }];
  });
  const [first] = problems;
  if (first === undefined) return;
  const { type, message, details } = first.failure;
  const items = problems.map(({ index, id, failure }) => ({ index, id, error: failure.toWire() }));
  throw new Failure(type, message, {
    details: operations.length > 1 ? { ...details, applied: operations.length - items.length, items } : details,
  });
}

function idOf(op: Operation): string {
  return 'id' in op ? op.id : '';
}

function correlationIdOf(event: TakenEvent): string {
  const { data } = CorrelationId.safeParse(headerOf(event, 'X-Correlation-ID'));
  return data ?? `event-${event.id}`;
}
