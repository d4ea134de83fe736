import type { KnownReplica, KnownShard } from './replica-registry.ts';
import { speaks } from './replica-views.ts';

/** One that takes longer may never end, as where no snapshot comes that it needs: it keeps no other waiting any more. */
const REBUILD_MS_MAX = 600_000;

/** Replicas that are being built anew because somebody asked for it, as far as one monitor knows; not those that are new or were away. */
export class Rebuilds {
  readonly #monotonicMs: () => number;
  #begunMs = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Its node has answered that it has begun: what it tells from now on is of that. */
  begun(id: string): void {
    this.#begunMs.set(id, this.#monotonicMs());
  }

  /** Takes in what the replicas have told of rebuilds that have ended, and of those that another monitor has begun. */
  look(all: readonly KnownShard[]): void {
    const begunMs = new Map<string, number>();
    for (const shard of all) {
      for (const replica of shard.replicas) {
        const id = idOf(shard, replica);
        const sinceMs = this.#sinceMs(id, replica);
        if (sinceMs !== undefined) begunMs.set(id, sinceMs);
      }
    }
    this.#begunMs = begunMs;
  }

  /** How many are under way among these replicas. */
  among(shards: readonly KnownShard[]): number {
    const nowMs = this.#monotonicMs();
    const underWay = (id: string, { heard }: KnownReplica): boolean =>
      nowMs - (this.#begunMs.get(id) ?? -Infinity) <= REBUILD_MS_MAX && heard !== undefined && speaks(heard, nowMs);
    return shards
      .map((shard) => shard.replicas.filter((replica) => underWay(idOf(shard, replica), replica)).length)
      .reduce((sum, each) => sum + each, 0);
  }

  #sinceMs(id: string, { heard }: KnownReplica): number | undefined {
    const sinceMs = this.#begunMs.get(id);
    const isAskedFor = heard?.report.resync?.state === 'running';
    if (sinceMs === undefined) return isAskedFor ? this.#monotonicMs() : undefined;
    const hasNews = heard !== undefined && heard.monotonicMs > sinceMs;
    // A node that was started anew does not know what it was asked for, and goes on with it.
    return hasNews && !isAskedFor && heard.report.phase !== 'syncing' ? undefined : sinceMs;
  }
}

export function idOf({ record, shard }: KnownShard, { node }: KnownReplica): string {
  return `${node}/${record.name}/${shard}`;
}
