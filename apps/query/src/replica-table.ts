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

/** How far one replica was last known to be, and when, if ever, its news were ahead of all others'. */
type Standing = { readonly sequence: number; readonly atHeadMs: number };
/** Nodes tell their news every 20 ms, each at moments of its own: those that keep up are ahead of each other by turns. */
const HEAD_MS = 60;
const UNKNOWN: Standing = { sequence: 0, atHeadMs: -Infinity };

/**
 * What another query process began to compute no later than this after a replica was heard to have diverged may still be of
 * that: it hears of it at another moment, and has another clock.
 */
const DOUBT_MS = 5_000;

export type ReplicaKey = { readonly uid: CollectionUid; readonly shard: number; readonly node: NodeId };

/** What the index nodes last said of their replicas. Holds placed replicas only, so the catalog bounds it. */
export class ReplicaTable {
  readonly #shards = new Map<CollectionUid, ReplicasOfShard[]>();
  /** What answers of replicas, and their news, say of each shard: that is ahead of the heartbeats. */
  readonly #seen = new Map<CollectionUid, Seen[]>();
  /** The same by node, with what the heartbeats say. */
  readonly #standings = new Map<CollectionUid, Map<NodeId, Standing>[]>();
  /** When a replica was last heard to have diverged, epoch milliseconds. */
  readonly #divergedAt = new Map<CollectionUid, number>();

  /** A report on a collection that is not known here yet is left to the next heartbeat. */
  hear(heartbeat: Heartbeat, heardAtMs: number, find: (uid: CollectionUid) => CollectionRecord | undefined): void {
    const everyMs = everyMsOf(heartbeat);
    for (const report of heartbeat.replicas) {
      const record = find(report.uid);
      if (record === undefined || record.placement[report.shard]?.includes(report.node) !== true) continue;
      const isNews = this.heard(report.uid, report.shard).get(report.node)?.report.phase !== 'diverged';
      if (report.phase === 'diverged' && isNews) this.#divergedAt.set(report.uid, Date.now());
      this.#shardsOf(record)[report.shard]?.set(report.node, { report, heardAtMs, everyMs });
      // Its own word on what it is now, be it less than before: it may have been built anew.
      const { atHeadMs } = this.#standingOf(report.uid, report.shard, report.node);
      this.#stand(report, { sequence: report.applied_sequence, atHeadMs });
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
      if (find(uid)?.placement[shard]?.includes(node) === true) this.saw({ uid, shard, node }, { sequence, atMs });
    }
  }

  /** A replica has applied this much: it has answered a read from that state, or says so. */
  saw(replica: ReplicaKey, seen: Seen): void {
    const { uid, shard, node } = replica;
    const all = this.#seen.get(uid) ?? [];
    const known = all[shard];
    const isOld = known !== undefined && seen.atMs - known.atMs <= FRESH_MS_MAX && known.sequence > seen.sequence;
    if (!isOld) all[shard] = seen;
    this.#seen.set(uid, all);
    const before = this.#standingOf(uid, shard, node);
    const sequence = Math.max(before.sequence, seen.sequence);
    this.#stand(replica, { sequence, atHeadMs: isOld ? before.atHeadMs : seen.atMs });
  }

  /** What a replica is known to have applied; 0 where nothing is known. */
  appliedBy({ uid, shard, node }: ReplicaKey): number {
    return this.#standingOf(uid, shard, node).sequence;
  }

  /** Whether no other replica of the shard is known to be ahead of it by more than the time between two news. */
  isAtHead({ uid, shard, node }: ReplicaKey, nowMs: number): boolean {
    return nowMs - this.#standingOf(uid, shard, node).atHeadMs <= HEAD_MS;
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

  /** Answers that were begun up to then (epoch milliseconds) may be of a replica that has turned out to have diverged. */
  doubtedUntil(uid: CollectionUid): number {
    return (this.#divergedAt.get(uid) ?? -Infinity) + DOUBT_MS;
  }

  forget(uid: CollectionUid): void {
    this.#divergedAt.delete(uid);
    this.#shards.delete(uid);
    this.#seen.delete(uid);
    this.#standings.delete(uid);
  }

  #standingOf(uid: CollectionUid, shard: number, node: NodeId): Standing {
    return this.#standings.get(uid)?.[shard]?.get(node) ?? UNKNOWN;
  }

  #stand({ uid, shard, node }: ReplicaKey, standing: Standing): void {
    const shards = this.#standings.get(uid) ?? [];
    const replicas = shards[shard] ?? new Map<NodeId, Standing>();
    shards[shard] = replicas.set(node, standing);
    this.#standings.set(uid, shards);
  }

  #shardsOf({ uid, placement }: CollectionRecord): ReplicasOfShard[] {
    const known = this.#shards.get(uid);
    if (known !== undefined) return known;
    const shards = placement.map((): ReplicasOfShard => new Map());
    this.#shards.set(uid, shards);
    return shards;
  }
}
