import { z } from 'zod';
import { Activity, ActivityCount, CacheCount, CacheTier } from './activity.ts';
import { Kind, Metric } from './collection.ts';
import { CollectionName, NodeId } from './names.ts';
import { ReplicaView, ReplicationStats } from './replication.ts';
import { Count, list, maybe, Time } from './shapes.ts';

/** Interpolated within the buckets of a histogram, as Prometheus does. */
export const Quantiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });
export type Quantiles = Readonly<z.infer<typeof Quantiles>>;

export const ProcessSample = Activity.pick({
  service: true,
  process: true,
  place: true,
  uptime_ms: true,
  memory_bytes: true,
  loop_busy: true,
});
export type ProcessSample = Readonly<z.infer<typeof ProcessSample>>;

export const CacheSample = z.object({
  tier: CacheTier,
  rates: z
    .record(CacheCount, z.number())
    .describe(
      'Per second, over all processes; of Redis, evictions are those of its server, whoever keeps things there',
    ),
  bytes: z.number().describe('What it holds: in memory over all processes, of Redis all that its server holds'),
});
export type CacheSample = Readonly<z.infer<typeof CacheSample>>;

export const NodeSample = z.object({
  node: NodeId,
  address: z.string(),
  silent_ms: z
    .number()
    .nullable()
    .describe('Since its last heartbeat, as this gateway hears them; null when it has heard none yet'),
});
export type NodeSample = Readonly<z.infer<typeof NodeSample>>;

/** Of each shard, the replica that has applied the most. */
export const CollectionSample = z.object({
  name: CollectionName,
  config: z.object({ dimension: Count, metric: Metric, kind: Kind, shards: Count, replication_factor: Count }),
  points: Count,
  indexed: Count,
  buffered: Count,
  dead: Count,
  bytes: Count.nullable().describe('Over all replicas; null where no index node tells'),
});
export type CollectionSample = Readonly<z.infer<typeof CollectionSample>>;

export const DashboardReplica = ReplicaView.pick({
  id: true,
  node: true,
  collection: true,
  shard: true,
  address: true,
  status: true,
  reason: true,
  lag_ms: true,
  lag_entries: true,
  primary: true,
  offset: true,
});
export type DashboardReplica = Readonly<z.infer<typeof DashboardReplica>>;

/** Whether the replicas of a shard tell the same of the newest sequence that they have in common. */
export const ShardAgreement = z.object({
  collection: CollectionName,
  shard: Count,
  sequence: Count.nullable(),
  compared: Count,
  replicas: Count,
  agreed: z.boolean(),
});
export type ShardAgreement = Readonly<z.infer<typeof ShardAgreement>>;

export const ReplicationSample = z.object({
  stats: ReplicationStats,
  replicas: list(DashboardReplica),
  replicas_left_out: Count,
  agreement: list(ShardAgreement),
});
export type ReplicationSample = Readonly<z.infer<typeof ReplicationSample>>;

/** What `GET /api/v1/dashboard/stream` sends once a second: the whole cluster at one moment. */
export const DashboardSample = z.object({
  at: Time,
  rates: z.record(ActivityCount, z.number()).describe('Per second, over all processes'),
  latency_ms: z
    .object({ search: Quantiles.nullable(), write: Quantiles.nullable() })
    .describe('As clients of the gateways see it, over the last ten seconds; null where nothing was answered'),
  caches: list(CacheSample).describe('The tiers of the query cache; none before a query process has told of its own'),
  processes: list(ProcessSample),
  nodes: list(NodeSample).describe('The index nodes that have joined'),
  collections: list(CollectionSample),
  collections_left_out: Count.describe('How many there are beside those that are shown'),
  replication: ReplicationSample.nullable().describe('Null when no replication monitor answers; `reason` says why'),
  reason: maybe(z.string()),
});
export type DashboardSample = Readonly<z.infer<typeof DashboardSample>>;
