import {
  everyMsOf,
  type CollectionRecord,
  type CollectionUid,
  type Heartbeat,
  type NodeId,
  type ReplicaReport,
} from '@vectorizer/contracts';

/** A replica's last word, when it was heard on the clock of this process, and how often its node speaks. */
export type Heard = { readonly report: ReplicaReport; readonly heardAtMs: number; readonly everyMs: number };

type ReplicasOfShard = Map<NodeId, Heard>;
const NOBODY: ReadonlyMap<NodeId, Heard> = new Map();

/** What the index nodes last said of their replicas. Holds placed replicas only, so the catalog bounds it. */
export class ReplicaTable {
  readonly #shards = new Map<CollectionUid, ReplicasOfShard[]>();

  /** A report on a collection that is not known here yet is left to the next heartbeat. */
  hear(heartbeat: Heartbeat, heardAtMs: number, find: (uid: CollectionUid) => CollectionRecord | undefined): void {
    const everyMs = everyMsOf(heartbeat);
    for (const report of heartbeat.replicas) {
      const record = find(report.uid);
      if (record === undefined || record.placement[report.shard]?.includes(report.node) !== true) continue;
      this.#shardsOf(record)[report.shard]?.set(report.node, { report, heardAtMs, everyMs });
    }
  }

  heard(uid: CollectionUid, shard: number): ReadonlyMap<NodeId, Heard> {
    return this.#shards.get(uid)?.[shard] ?? NOBODY;
  }

  reports(uid: CollectionUid): ReplicaReport[] {
    return (this.#shards.get(uid) ?? []).flatMap((replicas) => [...replicas.values()].map(({ report }) => report));
  }

  forget(uid: CollectionUid): void {
    this.#shards.delete(uid);
  }

  #shardsOf({ uid, placement }: CollectionRecord): ReplicasOfShard[] {
    const known = this.#shards.get(uid);
    if (known !== undefined) return known;
    const shards = placement.map((): ReplicasOfShard => new Map());
    this.#shards.set(uid, shards);
    return shards;
  }
}
