import type { Bus, CollectionRecord, NodeId } from '@vectorizer/contracts';
import type { Heard, ReplicaTable } from './replica-table.ts';

/** A replica that was not heard for more heartbeats than these may be gone. */
const FRESH_HEARTBEATS_MAX = 3;

/** How promising a replica is; lower is better. */
const READY = 0;
const BEHIND = 1;
const CATCHING_UP = 2;
const SILENT = 3;

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
   * The nodes of a shard, best first: those that can answer at once, then those that must catch up, then the silent.
   * Among equals the one with the fewest of our own calls in flight, then each in turn. One that has stopped by its
   * own word, or is silent for long, is left out: to wait for it would only use up the caller's time.
   */
  candidates(record: CollectionRecord, shard: number, needed: number): readonly NodeId[] {
    const nodes = record.placement[shard] ?? [];
    const heard = this.#parts.table.heard(record.uid, shard);
    const silence = this.#silence();
    const { disconnectedAfterMs } = this.#parts;
    const able = nodes.filter((node) => isAble(heard.get(node), silence, disconnectedAfterMs));
    if (able.length < 2) return able;
    const turn = (this.#turns[shard] ?? 0) % able.length;
    this.#turns[shard] = turn + 1;
    return able
      .map((_, i) => able[(i + turn) % able.length] as NodeId)
      .map((node) => ({
        node,
        promise: this.#isSilent(node) ? SILENT : promiseOf(heard.get(node), needed, silence),
        load: this.inFlight(node),
      }))
      .toSorted((a, b) => a.promise - b.promise || a.load - b.load)
      .map(({ node }) => node);
  }

  /** A node tells that it is there more often than how its replicas are. */
  #isSilent(node: NodeId): boolean {
    return this.#parts.bus.isSilent(node);
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

/** One that was never heard may have just started, or this process may have. */
function isAble(heard: Heard | undefined, silence: Silence, silentMsMax: number): boolean {
  if (heard === undefined) return true;
  const { phase } = heard.report;
  return phase !== 'diverged' && phase !== 'failed' && silence(heard) <= silentMsMax;
}

function promiseOf(heard: Heard | undefined, needed: number, silence: Silence): number {
  if (heard === undefined || silence(heard) > FRESH_HEARTBEATS_MAX * heard.everyMs) return SILENT;
  if (heard.report.phase !== 'following') return CATCHING_UP;
  return heard.report.applied_sequence >= needed ? READY : BEHIND;
}
