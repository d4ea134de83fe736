import {
  everyMsOf,
  type CollectionRecord,
  type CollectionUid,
  type Heartbeat,
  type NodeId,
  type Progress,
  type ReplicaReport,
} from '@vectorizer/contracts';

/** A replica's last word, when it was heard on the clock of this process, and how often its node speaks. */
export type Heard = { readonly report: ReplicaReport; readonly heardAtMs: number; readonly everyMs: number };

type ReplicasOfShard = Map<NodeId, Heard>;
const NOBODY: ReadonlyMap<NodeId, Heard> = new Map();

/** The sequence that a replica was seen to have applied, and when, on the clock of this process. */
type Seen = { readonly sequence: number; readonly atMs: number };
/** Three heartbeats, as they are usually sent: what was heard longer ago may be far from what is. */
const FRESH_MS_MAX = 3_000;

/** What the index nodes last said of their replicas. Holds placed replicas only, so the catalog bounds it. */
export class ReplicaTable {
  readonly #shards = new Map<CollectionUid, ReplicasOfShard[]>();
  /** What answers of replicas, and their news, say of each shard: that is ahead of the heartbeats. */
  readonly #seen = new Map<CollectionUid, Seen[]>();

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

  /** How far the replicas of a node are, by its own word. */
  progressed(
    { node, applied }: Progress,
    atMs: number,
    find: (uid: CollectionUid) => CollectionRecord | undefined,
  ): void {
    for (const { uid, shard, sequence } of applied) {
      if (find(uid)?.placement[shard]?.includes(node) === true) this.saw(uid, shard, { sequence, atMs });
    }
  }

  /** A replica of the shard has applied this much: it has answered a read from that state, or says so. */
  saw(uid: CollectionUid, shard: number, seen: Seen): void {
    const all = this.#seen.get(uid) ?? [];
    const known = all[shard];
    const isOld = known !== undefined && seen.atMs - known.atMs <= FRESH_MS_MAX && known.sequence > seen.sequence;
    if (!isOld) all[shard] = seen;
    this.#seen.set(uid, all);
  }

  /**
   * The newest sequence that a replica of the shard is known to have applied. Undefined when nothing was heard lately, so
   * that it may be long past.
   */
  newest(uid: CollectionUid, shard: number, nowMs: number): number | undefined {
    let newest: number | undefined;
    for (const { report, heardAtMs } of this.heard(uid, shard).values()) {
      if (nowMs - heardAtMs > FRESH_MS_MAX || report.phase === 'diverged' || report.phase === 'failed') continue;
      newest = Math.max(newest ?? 0, report.applied_sequence);
    }
    const seen = this.#seen.get(uid)?.[shard];
    if (seen === undefined || nowMs - seen.atMs > FRESH_MS_MAX) return newest;
    return Math.max(newest ?? 0, seen.sequence);
  }

  forget(uid: CollectionUid): void {
    this.#shards.delete(uid);
    this.#seen.delete(uid);
  }

  #shardsOf({ uid, placement }: CollectionRecord): ReplicasOfShard[] {
    const known = this.#shards.get(uid);
    if (known !== undefined) return known;
    const shards = placement.map((): ReplicasOfShard => new Map());
    this.#shards.set(uid, shards);
    return shards;
  }
}
