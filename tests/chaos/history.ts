import type { Json, Outcome, Wait } from '@vectorizer/contracts';

/**
 * What clients asked and what they were answered, in the order in which it happened, by one clock: the evidence that
 * the checker judges. One JSON line per event.
 */
export type HistoryEvent = Invocation | Completion | FaultEvent;

/** Milliseconds of the recorder's clock, which only grows. */
type At = { readonly at: number };

export type Invocation = At & {
  readonly type: 'invoke';
  /** Names the call: its completion has the same. */
  readonly call: number;
  readonly client: number;
  /** Through which gateway. */
  readonly gateway: string;
  /** The sequences of the token that was sent; null when none was. */
  readonly token: readonly number[] | null;
  readonly request: WriteRequest | ReadRequest;
};

/** One attempt; a retry is a call of its own under the same key. */
export type WriteRequest = {
  readonly kind: 'write';
  readonly route: 'upsert' | 'insert' | 'delete' | 'batch' | 'update_one' | 'patch_one' | 'delete_one';
  readonly key: string;
  readonly wait: Wait;
  readonly ops: readonly WriteOp[];
};

export type WriteOp =
  | ({ readonly kind: 'upsert' | 'insert'; readonly vector: readonly number[]; readonly payload?: Payload } & Target)
  | ({ readonly kind: 'update'; readonly vector?: readonly number[]; readonly payload?: Payload | null } & Target)
  | ({ readonly kind: 'payload_merge' | 'payload_replace'; readonly payload: Payload } & Target)
  | ({ readonly kind: 'payload_delete_keys'; readonly keys: readonly string[] } & Target)
  | ({ readonly kind: 'delete' } & Target);
type Target = { readonly id: string; readonly if_version?: number };
export type Payload = { readonly [key: string]: Json };

/** `default`: the request names no level and carries no token, so what its gateway has acknowledged is all that it demands. */
export type Level = 'eventual' | 'session' | 'strong' | 'default';
export type Demanded =
  { readonly consistency: Level } | { readonly consistency: 'bounded'; readonly max_lag_ms: number };
export type ReadRequest = Demanded &
  (
    | { readonly kind: 'get'; readonly id: string }
    | ({
        readonly kind: 'search';
        readonly vector: readonly number[];
        readonly k: number;
        readonly exact: boolean;
      } & CacheUse)
    | { readonly kind: 'scroll'; readonly after?: string; readonly limit: number }
    | { readonly kind: 'count' }
  );

/** How a search may be answered from caches. */
export type CacheUse = { readonly max_staleness_ms?: number; readonly no_cache?: true };

export type Completion = At & { readonly type: 'complete'; readonly call: number } & (Acknowledged | Answered | Failed);

/**
 * A write that was answered. `results` has one for each operation, a refusal decided by the state too; it is null when
 * the write waited only for the log. `sequences`, by shard, is where it was logged; null when the answer did not say.
 */
export type Acknowledged = {
  readonly outcome: 'acknowledged';
  readonly results: readonly Pick<Outcome, 'status' | 'version'>[] | null;
  readonly sequences: readonly number[] | null;
};

/** A read that was answered. `token` is what it saw. Absent points are not in `points`; `count` is a count's answer. */
export type Answered = {
  readonly outcome: 'answered';
  readonly token: readonly number[];
  readonly points: readonly SeenPoint[];
  /** How the cache came into it: of a search. */
  readonly cache?: string;
  /** More points follow: of a scroll. */
  readonly more?: boolean;
  readonly count?: number;
};
export type SeenPoint = {
  readonly id: string;
  readonly version: number;
  readonly payload: Payload | null;
  readonly vector: readonly number[];
};

/**
 * No answer, or one that says that it failed. `unknown`: a write may have happened, or may still. `refused`: it did not,
 * and will not. Of a read both claim nothing. `logged` and `sequences` are what the error's details said.
 */
export type Failed = {
  readonly outcome: 'unknown' | 'refused';
  readonly error: string;
  readonly logged?: unknown;
  readonly sequences?: readonly number[];
};

export type FaultEvent = At & { readonly type: 'fault'; readonly what: string; readonly phase: 'begin' | 'end' };

/** A call with what came of it; without an end it was under way when the run ended. */
type Call<Request> = Omit<Invocation, 'request'> & {
  readonly request: Request;
  readonly end: Completion | undefined;
};
export type WriteCall = Call<WriteRequest>;
export type ReadCall = Call<ReadRequest>;
export type AcknowledgedWrite = WriteCall & { readonly end: Completion & Acknowledged };
export type AnsweredRead = ReadCall & { readonly end: Completion & Answered };

export type Calls = { readonly writes: readonly WriteCall[]; readonly reads: readonly ReadCall[] };

/** Joins invocations and completions; in the order of the invocations. */
export function callsOf(history: readonly HistoryEvent[]): Calls {
  const ends = new Map<number, Completion>();
  for (const event of history) if (event.type === 'complete') ends.set(event.call, event);
  const writes: WriteCall[] = [];
  const reads: ReadCall[] = [];
  for (const event of history) {
    if (event.type !== 'invoke') continue;
    const { request, ...rest } = event;
    const end = ends.get(event.call);
    if (request.kind === 'write') writes.push({ ...rest, request, end });
    else reads.push({ ...rest, request, end });
  }
  return { writes, reads };
}

export function isAcknowledged(call: WriteCall): call is AcknowledgedWrite {
  return call.end?.outcome === 'acknowledged';
}

export function isAnswered(call: ReadCall): call is AnsweredRead {
  return call.end?.outcome === 'answered';
}
