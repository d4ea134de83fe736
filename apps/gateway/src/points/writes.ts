import {
  failureOf,
  Sequences,
  write,
  type Answer,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type Operation,
  type Outcome,
  type Wait,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Collections } from '../collections/collections.ts';
import type { LogReach } from '../log-reach.ts';
import { later, type Sessions } from '../sessions.ts';
import type { Item } from './items.ts';
import { loggedResult, refusedResult } from './outcomes.ts';
import { partsOf } from './parts.ts';

/** Everything about a write but its operations. */
export type WriteCall = {
  readonly collection: CollectionRecord;
  readonly wait: Wait;
  readonly requestId: string;
  /** Who makes it, for the write log; undefined where nobody is to be named. */
  readonly by?: string | undefined;
  /** Told how many points a filter matched that were changed by it. */
  readonly matched?: (points: number) => void;
  /** What the client had seen before; the answer's token is never older. */
  readonly seen: Sequences | undefined;
  readonly context: CallContext;
};

/** What was written to: the collection of the call, or what has taken its place meanwhile. */
type WrittenTo = { readonly collection: CollectionRecord };

export type BatchAnswer = Answer<'BatchResult'>;

export type SingleAnswer = WrittenTo & {
  readonly outcome: Outcome | undefined;
  readonly sequences: Sequences;
};

export type WritesParts = {
  readonly bus: Bus;
  readonly sessions: Sessions;
  readonly logs: LogReach;
  readonly collections: Pick<Collections, 'successorOf'>;
};

export class Writes {
  readonly #bus: Bus;
  readonly #sessions: Sessions;
  readonly #logs: LogReach;
  readonly #collections: Pick<Collections, 'successorOf'>;

  constructor({ bus, sessions, logs, collections }: WritesParts) {
    this.#bus = bus;
    this.#sessions = sessions;
    this.#logs = logs;
    this.#collections = collections;
  }

  /** Writes the good items, in order, and answers for each. Throws only what befell the request as a whole. */
  async batch(items: readonly Item[], call: WriteCall): Promise<WrittenTo & { readonly answer: BatchAnswer }> {
    const good = items.filter((item) => 'operation' in item);
    const written = await this.#write(
      good.map((item) => item.operation),
      call,
    );
    refuseReusedKey(written.outcomes);
    const outcomeOf = new Map(good.map((item, place) => [item.index, written.outcomes?.[place]]));
    const results = items.map((item) =>
      'refused' in item
        ? refusedResult(item.index, item.id, item.refused)
        : loggedResult(item.index, item.id, outcomeOf.get(item.index)),
    );
    const failed = results.filter((result) => result.error !== undefined).length;
    const { sequences, collection } = written;
    return {
      collection,
      answer: { total: results.length, succeeded: results.length - failed, failed, results, sequences },
    };
  }

  /** One operation; throws the failure that its outcome amounts to. */
  async one(operation: Operation, call: WriteCall): Promise<SingleAnswer> {
    const { sequences, outcomes, collection } = await this.#write([operation], call);
    const outcome = outcomes?.[0];
    const failure = outcome === undefined ? undefined : failureOf(outcome, 'id' in operation ? operation.id : '');
    if (failure !== undefined) throw failure;
    if (outcome?.count !== undefined) call.matched?.(outcome.count);
    return { outcome, sequences, collection };
  }

  /** Once more, to what has taken the collection's place where that is gone, and with it whatever of this was written. */
  async #write(operations: readonly Operation[], call: WriteCall): Promise<Written> {
    try {
      return await this.#writeTo(operations, call);
    } catch (error) {
      if (Failure.from(error).type !== 'collection_not_found') throw error;
      const collection = await this.#collections.successorOf(call.collection);
      if (collection === undefined) throw error;
      return this.#writeTo(operations, { ...call, collection, seen: undefined });
    }
  }

  async #writeTo(operations: readonly Operation[], call: WriteCall): Promise<Written> {
    await this.#logs.check(call.collection, call.seen, call.context);
    let logged: Sequences | undefined;
    const outcomes: Outcome[] = [];
    const { uid } = call.collection;
    // One part after the other, so that operations of one id keep their order.
    for (const part of partsOf(call.requestId, operations)) {
      const { wait, by } = call;
      const input = { uid, request_id: part.requestId, ops: [...part.operations], wait, by };
      const answer = await this.#bus.call(write, input, { context: call.context }).catch((cause: unknown) => {
        throw partFailure(cause, call.requestId, logged);
      });
      logged = later(logged, answer.sequences);
      this.#logs.learn(uid, answer.sequences);
      if (answer.outcomes !== undefined) outcomes.push(...answer.outcomes);
      if (call.wait !== 'logged') this.#sessions.acknowledge(uid, answer.sequences);
    }
    const written = { sequences: later(call.seen, logged ?? []), collection: call.collection };
    return call.wait === 'logged' ? written : { ...written, outcomes };
  }
}

/**
 * Of a write that may be in the log it is told under which key, so that it can be asked about and tried again. Parts that
 * were written before are in the log, and their sequences belong to what is told.
 */
function partFailure(cause: unknown, requestId: string, before: Sequences | undefined): Failure {
  const failure = Failure.from(cause);
  const unsure = failure.http >= 500 && failure.details['logged'] !== false;
  if (before === undefined && !unsure) return failure;
  const key = { idempotency_key: requestId };
  if (before === undefined) return withDetails(failure, { logged: 'unknown', ...failure.details, ...key });
  const own = Sequences.safeParse(failure.details['sequences']).data ?? [];
  return withDetails(failure, { ...failure.details, logged: 'partly', sequences: later(before, own), ...key });
}

function withDetails(failure: Failure, details: Record<string, unknown>): Failure {
  return new Failure(failure.type, failure.message, { cause: failure, details });
}

type Written = WrittenTo & { readonly sequences: Sequences; readonly outcomes?: readonly Outcome[] };

/** When no operation was done because the key belongs to another request, that is the answer to the whole. */
function refuseReusedKey(outcomes: readonly Outcome[] | undefined): void {
  if (outcomes === undefined || outcomes.length === 0) return;
  if (!outcomes.every((outcome) => outcome.status === 'idempotency_key_reused')) return;
  throw new Failure('idempotency_key_reused', 'Idempotency-Key: used before, for other operations');
}
