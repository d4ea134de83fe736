import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  withTimeToAnswer,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type NodeId,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { Hedging } from './hedging.ts';
import type { QueryMetrics } from './query-metrics.ts';
import { areUnreachable, mayRetryElsewhere, unanswered, type Refusal } from './refusals.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Routing } from './routing.ts';

/** While others are left to ask, one replica gets this share of the time that is left, but not less than the floor. */
const ATTEMPT_SHARE = 0.5;
const ATTEMPT_MS_MIN = 50;
/** Between two looks whether those that were asked have fallen silent. */
const LOOK_MS = 100;
/**
 * The first look where the one that was asked is not known to have what is demanded: another one may be. A replica that
 * keeps up has it sooner. The next ones come after twice the time each.
 */
const DOUBT_MS = 10;
/**
 * When a log server dies, whoever was connected to it is nowhere until it has reached another one; of a shard that can be
 * every replica at once. So they are asked again for so long, where none could be reached.
 */
const UNREACHABLE_MS_MAX = 3_000;
const AGAIN_MS = 50;

/** One shard's part of a read; `call` asks the replica on one node. */
export type ShardCall<Answer> = {
  readonly record: CollectionRecord;
  readonly shard: number;
  /** The replica must have applied this sequence. */
  readonly needed: number;
  /** One that is as far as this is asked first. */
  readonly preferred: number;
  readonly context: CallContext;
  readonly call: (node: NodeId, context: CallContext) => Promise<Answer>;
};

/** Every replica says which state it answers from. */
type Reflecting = { readonly sequence: number };
type Settled<Answer> = { readonly node: NodeId; readonly answer: Answer } | Refusal;
type Tried<Answer> = { readonly answer: Answer } | { readonly refusals: readonly Refusal[] };
type Parts = {
  readonly bus: Pick<Bus, 'isSilent'>;
  readonly routing: Routing;
  readonly table: ReplicaTable;
  readonly metrics: QueryMetrics;
  readonly now: () => number;
};

/**
 * Asks one replica of a shard; another one when that fails, or is slow. Each node is asked once, and again only while
 * none can be reached, so a call is bounded by the replication factor and by its deadline.
 */
export class ShardCalls {
  readonly #parts: Parts;
  readonly #hedging = new Hedging();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async ask<Answer extends Reflecting>(call: ShardCall<Answer>): Promise<Answer> {
    const { routing, metrics } = this.#parts;
    const timely = { ...call, context: withTimeToAnswer(call.context) };
    const untilMs = Math.min(timely.context.deadline, Date.now() + UNREACHABLE_MS_MAX);
    for (;;) {
      const tried = await this.#try(timely, routing.candidates(call.record, call.shard, call));
      if ('answer' in tried) return tried.answer;
      const { refusals } = tried;
      if (!areUnreachable(refusals) || Date.now() + AGAIN_MS > untilMs) throw this.#noAnswer(timely, refusals);
      metrics.retries.inc();
      await sleep(AGAIN_MS);
    }
  }

  #noAnswer({ record, shard, needed, context }: ShardCall<unknown>, refusals: readonly Refusal[]): Failure {
    const leftOut = this.#parts.routing.leftOut(record, shard);
    return unanswered({ shard, demanded: needed, deadline: context.deadline, leftOut }, refusals);
  }

  async #try<Answer extends Reflecting>(call: ShardCall<Answer>, nodes: readonly NodeId[]): Promise<Tried<Answer>> {
    const [only] = nodes;
    if (only === undefined) return { refusals: [] };
    if (nodes.length > 1) return this.#race(call, nodes);
    const settled = await this.#attempt(call, only, call.context);
    if ('answer' in settled) return settled;
    if (!mayRetryElsewhere(settled.failure)) throw settled.failure;
    return { refusals: [settled] };
  }

  async #race<Answer extends Reflecting>(call: ShardCall<Answer>, nodes: readonly NodeId[]): Promise<Tried<Answer>> {
    const { metrics } = this.#parts;
    const waiting = [...nodes];
    const running = new Map<NodeId, Promise<Settled<Answer>>>();
    const refusals: Refusal[] = [];
    const start = (): NodeId => {
      const node = waiting.shift();
      assert(node !== undefined, 'a replica is left to ask');
      running.set(node, this.#attempt(call, node, waiting.length > 0 ? share(call.context) : call.context));
      return node;
    };
    const first = start();
    const looks = new Looks(this.#hedging.delayMs(first), this.#has(call, first));
    for (;;) {
      const settled = await firstOf(running, waiting.length > 0 ? looks.nextMs : undefined);
      if (settled === undefined) {
        const isSlow = looks.looked();
        if (!this.#another(call, { running, waiting, isSlow })) continue;
        metrics.hedges.inc();
        start();
        continue;
      }
      if ('answer' in settled) return settled;
      if (!mayRetryElsewhere(settled.failure)) throw settled.failure;
      running.delete(settled.node);
      refusals.push(settled);
      if (refusals.length === nodes.length) return { refusals };
      if (waiting.length === 0) continue;
      metrics.retries.inc();
      start();
    }
  }

  /**
   * Whether to ask one more, which comes first of those that wait then. Once because those that were asked are slow; but
   * where they may be gone, or are not known to have what is demanded while the other is, that is not in doubt, and costs
   * no hedge.
   */
  #another(
    call: ShardCall<unknown>,
    asked: { readonly running: ReadonlyMap<NodeId, unknown>; readonly waiting: NodeId[]; readonly isSlow: boolean },
  ): boolean {
    const { running, waiting, isSlow } = asked;
    const having = waiting.find((node) => this.#has(call, node));
    if (having !== undefined) waiting.unshift(...waiting.splice(waiting.indexOf(having), 1));
    const nodes = [...running.keys()];
    const wait = having !== undefined && !nodes.some((node) => this.#has(call, node));
    const { bus } = this.#parts;
    if (!wait && !nodes.every((node) => bus.isSilent(node)) && !(isSlow && this.#hedging.spend())) return false;
    return this.#shows(call, waiting[0]);
  }

  /** Whether a replica is known to have what is demanded. */
  #has({ record, shard, needed }: ShardCall<unknown>, node: NodeId): boolean {
    return this.#parts.table.appliedBy({ uid: record.uid, shard, node }) >= needed;
  }

  /** One that has never caught up answers nothing yet: it is asked only when the others fail. */
  #shows({ record, shard }: ShardCall<unknown>, node: NodeId | undefined): boolean {
    const { table } = this.#parts;
    return node === undefined || table.heard(record.uid, shard).get(node)?.report.shown !== false;
  }

  /** Never rejects. */
  async #attempt<Answer extends Reflecting>(
    call: ShardCall<Answer>,
    node: NodeId,
    context: CallContext,
  ): Promise<Settled<Answer>> {
    const { routing, table, now } = this.#parts;
    const startedMs = now();
    const had = this.#has(call, node);
    routing.began(node);
    try {
      const answer = await call.call(node, context);
      const atMs = now();
      // Of one that may have had to wait for the log first, the time says nothing of how slow it is.
      if (had) this.#hedging.answered(node, atMs - startedMs);
      table.saw({ uid: call.record.uid, shard: call.shard, node }, { sequence: answer.sequence, atMs });
      return { node, answer };
    } catch (error) {
      const applied = table.heard(call.record.uid, call.shard).get(node)?.report.applied_sequence;
      return { node, failure: Failure.from(error), applied };
    } finally {
      routing.ended(node);
    }
  }
}

/** When to look whether another replica is to be asked. */
class Looks {
  readonly #slowAfterMs: number;
  #passedMs = 0;
  #slow = false;
  nextMs: number;

  constructor(slowAfterMs: number, sure: boolean) {
    this.#slowAfterMs = slowAfterMs;
    this.nextMs = sure ? slowAfterMs : Math.min(DOUBT_MS, slowAfterMs);
  }

  /** Answers, once, that it has become slow. */
  looked(): boolean {
    this.#passedMs += this.nextMs;
    const becameSlow = !this.#slow && this.#passedMs >= this.#slowAfterMs;
    this.#slow ||= becameSlow;
    const doubledMs = Math.min(LOOK_MS, this.#passedMs);
    this.nextMs = this.#slow ? doubledMs : Math.min(doubledMs, this.#slowAfterMs - this.#passedMs);
    return becameSlow;
  }
}

/** The first to settle, or undefined when none did within `patienceMs`. */
async function firstOf<T>(
  running: ReadonlyMap<NodeId, Promise<T>>,
  patienceMs: number | undefined,
): Promise<T | undefined> {
  if (patienceMs === undefined) return Promise.race(running.values());
  const { promise: slow, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, patienceMs, undefined);
  try {
    return await Promise.race([...running.values(), slow]);
  } finally {
    clearTimeout(timer);
  }
}

function share(context: CallContext): CallContext {
  const nowMs = Date.now();
  const shareMs = Math.max(ATTEMPT_MS_MIN, (context.deadline - nowMs) * ATTEMPT_SHARE);
  return { ...context, deadline: Math.min(context.deadline, nowMs + shareMs) };
}
