import { createHash } from 'node:crypto';
import { eachBounded, type Catalog, type SnapshotStore } from '@vectorizer/cluster';
import { isRoutable, type CollectionRecord, type NodeId, type ReplicaView } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { KnownShard } from './replica-registry.ts';

/** Placements that are changed at once, and in one turn. */
const CHANGES_IN_FLIGHT_MAX = 4;
const CHANGES_MAX = 64;

export type RepairOptions = {
  readonly catalog: Catalog;
  readonly snapshots: Pick<SnapshotStore, 'newest'>;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** A replica that was away for longer is placed on another node. */
  readonly graceMs: number;
};

/** A shard, and its replicas as they show now. */
export type ShardState = { readonly shard: KnownShard; readonly views: readonly ReplicaView[] };
type Move = ShardState & { readonly from: NodeId; readonly to: NodeId };

/**
 * Places replicas that are lost on other nodes. The new one is built from the shared snapshot and the log; the old one
 * removes its files when its node comes back. A replica is given up only where another has what it had: one that is
 * well, or a log and snapshots that reach from the beginning.
 */
export class Repair {
  readonly #options: RepairOptions;
  readonly #awaySinceMs = new Map<string, number>();

  constructor(options: RepairOptions) {
    this.#options = options;
  }

  /** Also called while another monitor acts, so that the grace time does not begin anew when this one takes over. */
  observe(states: readonly ShardState[]): void {
    const nowMs = this.#options.monotonicMs();
    const away = new Set<string>();
    for (const { shard, views } of states) {
      for (const view of views) if (view.status === 'Disconnected') away.add(keyOf(shard, view.node));
    }
    for (const key of this.#awaySinceMs.keys()) if (!away.has(key)) this.#awaySinceMs.delete(key);
    for (const key of away) if (!this.#awaySinceMs.has(key)) this.#awaySinceMs.set(key, nowMs);
  }

  async act(states: readonly ShardState[], live: readonly NodeId[]): Promise<void> {
    const moves = this.#plan(states, live);
    await eachBounded(moves, CHANGES_IN_FLIGHT_MAX, async (move) => {
      await this.#move(move).catch((error: unknown) => {
        const { record, shard } = move.shard;
        const line = { err: Failure.from(error), collection: record.name, shard, from: move.from, to: move.to };
        this.#options.logger.warn(line, 'a lost replica could not be placed elsewhere yet');
      });
    });
  }

  #plan(states: readonly ShardState[], live: readonly NodeId[]): readonly Move[] {
    const lost = states.flatMap((state) =>
      state.views.flatMap(({ node }) =>
        this.#isLost(state.shard, node) && this.#isSpare(state, node) ? [{ ...state, from: node }] : [],
      ),
    );
    if (lost.length === 0) return [];
    const load = new Map<NodeId, number>(live.map((node) => [node, 0]));
    for (const { views } of states) for (const { node } of views) load.set(node, (load.get(node) ?? 0) + 1);
    const taken = new Map<KnownShard, Set<NodeId>>();
    return lost.slice(0, CHANGES_MAX).flatMap((state): Move[] => {
      const holders = taken.get(state.shard) ?? new Set(state.views.map(({ node }) => node));
      const to = leastLoaded(
        state.shard,
        live.filter((node) => !holders.has(node)),
        load,
      );
      if (to === undefined) return [];
      taken.set(state.shard, holders.add(to));
      load.set(to, (load.get(to) ?? 0) + 1);
      return [{ ...state, to }];
    });
  }

  #isLost(shard: KnownShard, node: NodeId): boolean {
    const sinceMs = this.#awaySinceMs.get(keyOf(shard, node));
    return sinceMs !== undefined && this.#options.monotonicMs() - sinceMs > this.#options.graceMs;
  }

  /** Whether nothing is lost with it. */
  #isSpare({ shard, views }: ShardState, node: NodeId): boolean {
    if (views.some((view) => view.node !== node && isRoutable(view))) return true;
    const { log, record } = shard;
    if (log === undefined) return false;
    if (log.firstSequence <= 1) return true;
    const newest = this.#options.snapshots.newest(record.uid, shard.shard);
    return newest !== undefined && newest.sequence + 1 >= log.firstSequence;
  }

  /** By compare-and-set upon what the catalog holds now: whoever changed the placement meanwhile is not overruled. */
  async #move({ shard: { record, shard }, from, to }: Move): Promise<void> {
    const { catalog, logger } = this.#options;
    await catalog.update(record.name, (current) => replaced(current, { uid: record.uid, shard, from, to }));
    logger.warn({ collection: record.name, shard, from, to }, 'placed a lost replica on another node');
  }
}

function replaced(
  current: CollectionRecord,
  { uid, shard, from, to }: { uid: CollectionRecord['uid']; shard: number; from: NodeId; to: NodeId },
): CollectionRecord {
  const nodes = current.placement[shard];
  if (current.uid !== uid || nodes === undefined || !nodes.includes(from) || nodes.includes(to)) return current;
  const placement = current.placement.map((each, i) =>
    i === shard ? each.map((node) => (node === from ? to : node)) : each,
  );
  return { ...current, placement };
}

/** The node with the fewest replicas; among equals one that differs from shard to shard. */
function leastLoaded(
  { record, shard }: KnownShard,
  nodes: readonly NodeId[],
  load: ReadonlyMap<NodeId, number>,
): NodeId | undefined {
  const weight = (node: NodeId): string => createHash('sha256').update(`${record.uid}/${shard}/${node}`).digest('hex');
  return nodes
    .map((node) => ({ node, load: load.get(node) ?? 0, weight: weight(node) }))
    .toSorted((a, b) => a.load - b.load || (a.weight < b.weight ? 1 : -1))[0]?.node;
}

function keyOf({ record, shard }: KnownShard, node: NodeId): string {
  return `${record.uid}/${shard}/${node}`;
}
