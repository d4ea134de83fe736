import {
  shardRequest,
  type Answer,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type RequestOutcome,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { keyOfPart } from '../points/parts.ts';
import { unappliedRequests, type Unapplied } from './unapplied.ts';

/** A replica answers about its table at once; one that does not within this is taken for away. */
const ASK_MS_MAX = 1_000;
/** More than the parts of the heaviest body. */
const PARTS_MAX = 128;

type LoggedEntry = Answer<'OperationState'>['entries'][number];
export type OperationView = Pick<Answer<'OperationState'>, 'status' | 'entries'>;
type Applied = { readonly applied: number; readonly request: RequestOutcome | null };
type Question = { readonly record: CollectionRecord; readonly shard: number; readonly id: string };

/** What became of writes whose answer did not arrive: by the requests that replicas remember, and by the log. */
export class Operations {
  readonly #bus: Bus;
  readonly #log: Log;

  constructor({ bus, log }: { readonly bus: Bus; readonly log: Log }) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Throws `index_unavailable` when nobody can say. */
  async find(record: CollectionRecord, requestId: string, context: CallContext): Promise<OperationView> {
    const entries: LoggedEntry[] = [];
    const unapplied = new Map<number, Unapplied>();
    let unsure = false;
    // Each part is logged before the next is tried.
    for (let part = 0; part < PARTS_MAX; part++) {
      const id = keyOfPart(requestId, part);
      const found = await Promise.all(
        record.placement.map(async (_, shard) => this.#look({ record, shard, id }, unapplied, context)),
      );
      const logged = found.flatMap((entry) => (typeof entry === 'object' ? [{ part, ...entry }] : []));
      if (part === 0) unsure = found.includes('unknown');
      if (logged.length === 0) break;
      entries.push(...logged);
    }
    if (entries.length > 0) {
      const applied = !unsure && entries.every(({ status }) => status === 'applied');
      return { status: applied ? 'applied' : 'logged', entries };
    }
    if (!unsure) return { status: 'not_logged', entries };
    throw new Failure('index_unavailable', 'no replica of a shard can say whether it has applied the request');
  }

  async #look(
    question: Question,
    known: Map<number, Unapplied>,
    context: CallContext,
  ): Promise<Omit<LoggedEntry, 'part'> | 'absent' | 'unknown'> {
    const { record, shard, id } = question;
    const applied = await this.#applied(question, context);
    if (applied?.request) {
      const { sequence, outcomes } = applied.request;
      return { shard, sequence, status: 'applied', outcomes };
    }
    const where = { uid: record.uid, shard, applied: applied?.applied };
    const unapplied = known.get(shard) ?? (await unappliedRequests(this.#log, where, context.deadline));
    known.set(shard, unapplied);
    const sequence = unapplied.sequenceOf.get(id);
    if (sequence !== undefined) return { shard, sequence, status: 'logged' };
    return unapplied.complete ? 'absent' : 'unknown';
  }

  /** By the replica that remembers the request, or else by the one that has applied the most; undefined when none answers. */
  async #applied({ record, shard, id }: Question, context: CallContext): Promise<Applied | undefined> {
    const deadline = Math.min(context.deadline, Date.now() + ASK_MS_MAX);
    const input = { uid: record.uid, shard, request_id: id };
    const asked = (record.placement[shard] ?? []).map(async (node) =>
      this.#bus.call(shardRequest, input, { context: { ...context, deadline }, instance: node }),
    );
    let best: Applied | undefined;
    for (const answer of await Promise.allSettled(asked)) {
      if (answer.status === 'rejected') {
        const failure = Failure.from(answer.reason);
        if (!failure.retryable) throw failure;
        continue;
      }
      const { applied_sequence: applied, request } = answer.value;
      if (request !== null) return { applied, request };
      if (applied >= (best?.applied ?? 0)) best = { applied, request };
    }
    return best;
  }
}
