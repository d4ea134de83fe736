import type { CollectionConfig } from './collections.ts';
import type { ReplicaView, ReplicationStats } from './replication.ts';

/** `failures`: answers that no client is to blame for, whatever was asked. */
export type SampledRate = 'searches' | 'writes' | 'failures' | 'operations_applied';

/** The whole cluster at one moment. */
export type ClusterSample = {
  readonly at: string;
  /** Per second, over all processes. */
  readonly rates: Readonly<Record<SampledRate, number>>;
  /** As clients of the gateways see it, over the last ten seconds; null where nothing was answered. */
  readonly latency_ms: { readonly search: Quantiles | null; readonly write: Quantiles | null };
  /** The tiers of the query cache; none before a query process has told of its own. */
  readonly caches: readonly CacheSample[];
  readonly processes: readonly ProcessSample[];
  /** The index nodes that have joined. */
  readonly nodes: readonly NodeSample[];
  /** Those that are shown, and how many more there are. */
  readonly collections: readonly CollectionSample[];
  readonly collections_left_out: number;
  /** Null when no replication monitor answers; `reason` says why. */
  readonly replication: ReplicationSample | null;
  readonly reason?: string;
};

/** Interpolated within the buckets of a histogram, as Prometheus does. */
export type Quantiles = { readonly p50: number; readonly p95: number; readonly p99: number };

export type ProcessSample = {
  readonly service: string;
  readonly process: string;
  readonly place: string;
  readonly uptime_ms: number;
  readonly memory_bytes: number;
  readonly loop_busy: number;
};

/**
 * `rates`: per second, over all processes; of Redis, evictions are those of its server. `bytes`: what it holds, in memory over
 * all processes, of Redis all that its server holds.
 */
export type CacheSample = {
  readonly tier: 'memory' | 'redis';
  readonly rates: Readonly<Record<'hits' | 'misses' | 'bypasses' | 'evictions', number>>;
  readonly bytes: number;
};

/** `silent_ms`: since its last heartbeat, as this gateway hears them; null when it has heard none yet. */
export type NodeSample = { readonly node: string; readonly address: string; readonly silent_ms: number | null };

/** Of each shard, the replica that has applied the most; `bytes` over all replicas, null where no index node tells. */
export type CollectionSample = {
  readonly name: string;
  readonly config: Pick<CollectionConfig, 'dimension' | 'metric' | 'kind' | 'shards' | 'replication_factor'>;
  readonly points: number;
  readonly indexed: number;
  readonly buffered: number;
  readonly dead: number;
  readonly bytes: number | null;
};

export type ReplicationSample = {
  readonly stats: ReplicationStats;
  readonly replicas: readonly SampledReplica[];
  readonly replicas_left_out: number;
  readonly agreement: readonly ShardAgreement[];
};

export type SampledReplica = Pick<
  ReplicaView,
  | 'id'
  | 'node'
  | 'collection'
  | 'shard'
  | 'address'
  | 'status'
  | 'reason'
  | 'lag_ms'
  | 'lag_entries'
  | 'primary'
  | 'offset'
>;

/** Whether the replicas of a shard tell the same of the newest sequence that they have in common. */
export type ShardAgreement = {
  readonly collection: string;
  readonly shard: number;
  readonly sequence: number | null;
  readonly compared: number;
  readonly replicas: number;
  readonly agreed: boolean;
};
