/**
 * How a replica is, as others see it; the first that fits: `Disconnected` (silent, or stopped by its own word),
 * `Diverged`, `Syncing` (a first replay, or back from being away), `Lagging` (more than a second), `Connected`.
 */
export type ReplicaStatus = 'Connected' | 'Syncing' | 'Lagging' | 'Disconnected' | 'Diverged';

/** One replica as the monitor knows it; of a silent one, what was last heard. Times are ISO 8601. */
/** How far it is when somebody had a replica built anew: `running` until it has caught up with its log. */
export type Resync = {
  readonly id: string;
  readonly state: 'running' | 'complete' | 'failed';
  readonly reason?: string;
};
export type ReplicaView = {
  /** `node/collection/shard`. */
  readonly id: string;
  readonly node: string;
  readonly collection: string;
  readonly shard: number;
  /** Null until the node has joined. */
  readonly host: string | null;
  readonly port: number | null;
  readonly status: ReplicaStatus;
  /** Why it stopped or differs. */
  readonly reason?: string;
  /** Age of the oldest entry that it has not applied; 0 when it has applied all. */
  readonly lag_ms: number;
  readonly lag_entries: number;
  /** Of the entries that it has not applied, by the mean size of those that were. */
  readonly lag_bytes: number;
  /** Null when it was never heard. */
  readonly last_heartbeat: string | null;
  /** When it last applied an entry; null before the first. */
  readonly last_sync: string | null;
  readonly operations_synced: number;
  readonly bytes_received: number;
  readonly state_hash: string | null;
  readonly chain: string | null;
  /** Whether it takes the shared snapshots of its shard. */
  readonly primary: boolean;
  /** The newest that was asked for since its node started. */
  readonly resync?: Resync;
  /** Older names: `host:port`, the applied sequence, and `lag_entries`. */
  readonly address: string | null;
  readonly offset: number;
  readonly lag_operations: number;
};

/** The whole cluster in numbers; or, with the role `replica`, one index node by its own word. */
export type ReplicationStats = {
  readonly role: 'master' | 'replica';
  /** Of the replica that is furthest behind. */
  readonly lag_ms: number;
  /** Bytes of entries that were published to the logs over their lives, and that replicas consumed. */
  readonly bytes_sent: number;
  readonly bytes_received: number;
  /** When any replica last applied an entry; null before the first. */
  readonly last_sync: string | null;
  /** Entries that are logged and not applied, over all replicas. */
  readonly operations_pending: number;
  /** Bytes of the newest shared snapshot of each shard, together; 0 while there is none. */
  readonly snapshot_size: number;
  /** Null by an index node's own word: it knows of no other. */
  readonly connected_replicas: number | null;
  /** Older names: the sum of the logs' last sequences; and of what the slowest replica of each has applied. */
  readonly master_offset: number;
  readonly replica_offset: number;
  /** Entries that the replica furthest behind has not applied. */
  readonly lag_operations: number;
  /** Operations applied, over all replicas. */
  readonly total_replicated: number;
};

export type ReplicationStatus = {
  readonly role: 'master';
  readonly enabled: true;
  readonly stats: ReplicationStats & { readonly role: 'master'; readonly connected_replicas: number };
  readonly replicas: readonly ReplicaView[];
};

/** What the replicas of each shard say of their state at the newest sequence that they have in common. */
export type ReplicationProof = {
  readonly collection: string;
  readonly uid: string;
  /** Whether every shard agrees. */
  readonly agreed: boolean;
  readonly shards: readonly ShardProof[];
};
export type ShardProof = {
  readonly shard: number;
  /** The newest of those that the most replicas have told of; null while none has. */
  readonly sequence: number | null;
  /** Replicas that tell of that sequence. */
  readonly compared: number;
  /**
   * Whether they tell the same, and none of the shard is `Diverged`. Where there are several replicas, at least two must
   * have told: one alone agrees with nobody.
   */
  readonly agreed: boolean;
  readonly replicas: readonly ReplicaProof[];
};
export type ReplicaProof = {
  readonly node: string;
  readonly status: ReplicaStatus;
  /** What it has applied by now. */
  readonly applied_sequence: number;
  /** At the shard's `sequence`; null where this replica does not tell of it. */
  readonly state_hash: string | null;
  readonly chain: string | null;
  /** When it last read all that it has stored again and found it as it was written; null before. */
  readonly verified_at: string | null;
};

/**
 * Something that happened to a replica or to the cluster. `number` grows by one with each, over the life of the cluster.
 * `status`: `from` one `to` another; `placed` and `removed`: a replica by the catalog; `resync`: it is being built anew;
 * `node`: a node has `joined`, is `lost` (beyond the grace time) or is `back`; `monitor`: another one acts. After a `gap` the
 * events of these numbers are known no more.
 */
export type ReplicationEvent =
  | {
      readonly number: number;
      readonly at: string;
      readonly kind: 'status' | 'placed' | 'removed' | 'resync' | 'node' | 'monitor';
      /** `node/collection/shard`. */
      readonly replica?: string | undefined;
      readonly node?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number };

/** An index node that has joined, and not been removed. */
export type NodeView = {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  /** Whether it was heard just now. */
  readonly speaks: boolean;
  /** Placed on it. */
  readonly replicas: number;
};
