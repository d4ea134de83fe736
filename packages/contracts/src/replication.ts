import type { CollectionName, NodeId } from './names.ts';

/**
 * How a replica is, as others see it; the first that fits: `Disconnected` (silent, or stopped by its own word),
 * `Diverged`, `Syncing` (a first replay, or back from being away), `Lagging` (more than a second), `Connected`.
 */
export type ReplicaStatus = 'Connected' | 'Syncing' | 'Lagging' | 'Disconnected' | 'Diverged';

/** One replica as the monitor knows it; of a silent one, what was last heard. Times are ISO 8601. */
export type ReplicaView = {
  /** `node/collection/shard`. */
  readonly id: string;
  readonly node: NodeId;
  readonly collection: CollectionName;
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
  /** Null when it was never heard. */
  readonly last_heartbeat: string | null;
  /** When it last applied an entry; null before the first. */
  readonly last_sync: string | null;
  readonly operations_synced: number;
  readonly bytes_received: number;
  readonly state_hash: string | null;
  readonly chain: string | null;
  /** Older names: `host:port`, the applied sequence, and `lag_entries`. */
  readonly address: string | null;
  readonly offset: number;
  readonly lag_operations: number;
};

/** The whole cluster in numbers. */
export type ReplicationStats = {
  readonly role: 'master';
  /** Of the replica that is furthest behind. */
  readonly lag_ms: number;
  /** Bytes in the logs, and bytes that replicas took from them. */
  readonly bytes_sent: number;
  readonly bytes_received: number;
  /** When any replica last applied an entry; null before the first. */
  readonly last_sync: string | null;
  /** Entries that are logged and not applied, over all replicas. */
  readonly operations_pending: number;
  /** Bytes of the newest shared snapshot; 0 while there is none. */
  readonly snapshot_size: number;
  readonly connected_replicas: number;
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
  readonly stats: ReplicationStats;
  readonly replicas: readonly ReplicaView[];
};

/** Can be asked: it speaks, and its state is not in doubt. */
export function isConnected({ status }: Pick<ReplicaView, 'status'>): boolean {
  return status !== 'Disconnected' && status !== 'Diverged';
}
