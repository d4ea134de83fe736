import type { Bus, CollectionRecord, NodeId } from '@vectorizer/contracts';
import type { FailureType } from '@vectorizer/errors';
import type { Heard, ReplicaKey, ReplicaTable } from './replica-table.ts';

/** A replica that was not heard for more heartbeats than these may be gone. */
const FRESH_HEARTBEATS_MAX = 3;

/** How promising a replica is; lower is better. */
const READY = 0;
/** It has what is demanded, and others are further. */
const STALE = 1;
/** It keeps up with the log, so what is demanded is on its way to it. */
const SOON = 2;
const BEHIND = 3;
const CATCHING_UP = 4;
const SILENT = 5;

/** A read demands `needed`, and is better off with a replica that is as far as `preferred`. */
export type Needs = { readonly needed: number; readonly preferred: number };

export type RoutingParts = {
  readonly table: ReplicaTable;
  readonly bus: Pick<Bus, 'hearingSince' | 'isSilent'>;
  /** The clock of `hearingSince`, and of when replicas were heard. */
  readonly now: () => number;
  /** As the replication monitor has it. */
  readonly disconnectedAfterMs: number;
};
type Silence = (heard: Heard) => number;

/** Which replicas to ask, and in which order. */
export class Routing {
  readonly #parts: RoutingParts;
  readonly #inFlight = new Map<NodeId, number>();
  /** By shard number: with one counter, the shards of one read would each meet the same node every time. */
  readonly #turns: number[] = [];

  constructor(parts: RoutingParts) {
    this.#parts = parts;
  }

  /**
   * The nodes of a shard, best first: those that can answer at once, then those that must catch up, those that are at the
   * head of the log before the others, then the silent. Among equals the one with the fewest of our own calls in flight, then each in turn. One that has stopped by its
   * own word, or is silent for long, is left out: to wait for it would only use up the caller's time.
   */
  candidates(record: CollectionRecord, shard: number, needs: Needs): readonly NodeId[] {
    const nodes = record.placement[shard] ?? [];
    const heard = this.#parts.table.heard(record.uid, shard);
    const silence = this.#silence();
    const { disconnectedAfterMs } = this.#parts;
    const able = nodes.filter((node) => whyNot(heard.get(node), silence, disconnectedAfterMs) === undefined);
    if (able.length < 2) return able;
    const turn = (this.#turns[shard] ?? 0) % able.length;
    this.#turns[shard] = turn + 1;
    return able
      .map((_, i) => able[(i + turn) % able.length] as NodeId)
      .map((node) => ({
        node,
        promise: this.#promiseOf({ uid: record.uid, shard, node }, heard.get(node), { needs, silence }),
        load: this.inFlight(node),
      }))
      .toSorted((a, b) => a.promise - b.promise || a.load - b.load)
      .map(({ node }) => node);
  }

  /** Why the other replicas of a shard are not asked: by their own word, or since they are silent. */
  leftOut(record: CollectionRecord, shard: number): ReadonlyMap<NodeId, FailureType> {
    const heard = this.#parts.table.heard(record.uid, shard);
    const silence = this.#silence();
    const found = new Map<NodeId, FailureType>();
    for (const node of record.placement[shard] ?? []) {
      const why = whyNot(heard.get(node), silence, this.#parts.disconnectedAfterMs);
      if (why !== undefined) found.set(node, why);
    }
    return found;
  }

  #promiseOf(
    replica: ReplicaKey,
    heard: Heard | undefined,
    { needs, silence }: { readonly needs: Needs; readonly silence: Silence },
  ): number {
    const { table, bus, now } = this.#parts;
    // A node tells that it is there more often than how its replicas are.
    if (bus.isSilent(replica.node)) return SILENT;
    if (heard === undefined || silence(heard) > FRESH_HEARTBEATS_MAX * heard.everyMs) return SILENT;
    if (heard.report.phase !== 'following') return CATCHING_UP;
    const applied = table.appliedBy(replica);
    const atHead = applied >= needs.preferred || table.isAtHead(replica, now());
    if (applied >= needs.needed) return atHead ? READY : STALE;
    return atHead ? SOON : BEHIND;
  }

  /** How long a replica has been silent, as far as this process could hear it. */
  #silence(): Silence {
    const { now, bus } = this.#parts;
    const [nowMs, hearingSinceMs] = [now(), bus.hearingSince()];
    return ({ heardAtMs }) => nowMs - Math.max(heardAtMs, hearingSinceMs);
  }

  inFlight(node: NodeId): number {
    return this.#inFlight.get(node) ?? 0;
  }

  began(node: NodeId): void {
    this.#inFlight.set(node, this.inFlight(node) + 1);
  }

  ended(node: NodeId): void {
    const left = this.inFlight(node) - 1;
    if (left > 0) this.#inFlight.set(node, left);
    else this.#inFlight.delete(node);
  }
}

/** Undefined when it may be asked: also one that was never heard, which may have just started, or this process may have. */
function whyNot(heard: Heard | undefined, silence: Silence, silentMsMax: number): FailureType | undefined {
  if (heard === undefined) return undefined;
  const { phase } = heard.report;
  if (phase === 'diverged') return 'replica_diverged';
  if (phase === 'failed') return 'storage_error';
  return silence(heard) > silentMsMax ? 'service_unavailable' : undefined;
}
