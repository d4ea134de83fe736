import { z } from 'zod';
import { Resync } from './heartbeat.ts';
import { CollectionName, CollectionUid, NodeId } from './names.ts';
import { Count, list, maybe } from './shapes.ts';

/**
 * How a replica is, as others see it; the first that fits: `Disconnected` (silent, or stopped by its own word),
 * `Diverged`, `Syncing` (a first replay, or back from being away), `Lagging` (more than a second), `Connected`.
 */
export const ReplicaStatus = z.enum(['Connected', 'Syncing', 'Lagging', 'Disconnected', 'Diverged']);
export type ReplicaStatus = z.infer<typeof ReplicaStatus>;

/** One replica as the monitor knows it; of a silent one, what was last heard. */
export const ReplicaView = z.object({
  id: z.string().describe('`node/collection/shard`'),
  node: NodeId,
  collection: CollectionName,
  shard: Count,
  host: z.string().nullable().describe('Null until the node has joined'),
  port: z.int().nullable(),
  status: ReplicaStatus,
  reason: maybe(z.string()).describe('Why it stopped or differs'),
  lag_ms: z.number().describe('Age of the oldest entry that it has not applied; 0 when it has applied all'),
  lag_entries: z.number(),
  lag_bytes: z.number().describe('Of the entries that it has not applied, by the mean size of those that were'),
  last_heartbeat: z.string().nullable().describe('ISO 8601; null when it was never heard'),
  last_sync: z.string().nullable().describe('When it last applied an entry, ISO 8601; null before the first'),
  operations_synced: Count,
  bytes_received: Count,
  state_hash: z.string().nullable(),
  chain: z.string().nullable(),
  primary: z.boolean().describe('Whether it takes the shared snapshots of its shard'),
  resync: maybe(Resync).describe('The newest that was asked for since its node started'),
  address: z.string().nullable().describe('`host:port`'),
  offset: Count.describe('Older name of the applied sequence'),
  lag_operations: z.number().describe('Older name of `lag_entries`'),
});
export type ReplicaView = Readonly<z.infer<typeof ReplicaView>>;

/** The whole cluster in numbers; or, with the role `replica`, one index node by its own word. */
export const ReplicationStats = z.object({
  role: z.enum(['master', 'replica']),
  lag_ms: z.number().describe('Of the replica that is furthest behind'),
  bytes_sent: Count.describe('Of entries that were published to the logs over their lives'),
  bytes_received: Count.describe('Of those, what replicas consumed'),
  last_sync: z.string().nullable().describe('When any replica last applied an entry, ISO 8601; null before the first'),
  operations_pending: z.number().describe('Entries that are logged and not applied, over all replicas'),
  snapshot_size: Count.describe('Bytes of the newest shared snapshot of each shard, together; 0 while there is none'),
  connected_replicas: Count.nullable().describe("Null by an index node's own word: it knows of no other"),
  master_offset: Count.describe("The sum of the logs' last sequences"),
  replica_offset: Count.describe('The same of what the slowest replica of each has applied'),
  lag_operations: z.number().describe('Entries that the replica furthest behind has not applied'),
  total_replicated: Count.describe('Operations applied, over all replicas'),
});
export type ReplicationStats = Readonly<z.infer<typeof ReplicationStats>>;

export const ClusterStats = ReplicationStats.extend({ role: z.literal('master'), connected_replicas: Count });
export const ReplicationStatus = z.object({
  role: z.literal('master'),
  enabled: z.literal(true),
  stats: ClusterStats,
  replicas: list(ReplicaView),
});
export type ReplicationStatus = Readonly<z.infer<typeof ReplicationStatus>>;

export const ReplicaProof = z.object({
  node: NodeId,
  status: ReplicaStatus,
  applied_sequence: Count.describe('What it has applied by now'),
  state_hash: z.string().nullable().describe("At the shard's `sequence`; null where this replica does not tell of it"),
  chain: z.string().nullable(),
  verified_at: z
    .string()
    .nullable()
    .describe('When it last read all that it has stored again and found it as it was written; null before'),
});
export type ReplicaProof = Readonly<z.infer<typeof ReplicaProof>>;
export const ShardProof = z.object({
  shard: Count,
  sequence: Count.nullable().describe('The newest of those that the most replicas have told of; null while none has'),
  compared: Count.describe('Replicas that tell of that sequence'),
  /** Where there are several replicas, at least two must have told: one alone agrees with nobody. */
  agreed: z.boolean().describe('Whether they tell the same, and none of the shard is `Diverged`'),
  replicas: list(ReplicaProof),
});
export type ShardProof = Readonly<z.infer<typeof ShardProof>>;
/** What the replicas of each shard say of their state at the newest sequence that they have in common. */
export const ReplicationProof = z.object({
  collection: CollectionName,
  uid: CollectionUid,
  agreed: z.boolean().describe('Whether every shard agrees'),
  shards: list(ShardProof),
});
export type ReplicationProof = Readonly<z.infer<typeof ReplicationProof>>;

/**
 * Something that happened to a replica or to the cluster. `number` grows by one with each, over the life of the cluster.
 * `status`: `from` one `to` another; `placed` and `removed`: a replica by the catalog; `resync`: it is being built anew;
 * `node`: a node has `joined`, is `lost` (beyond the grace time) or is `back`; `monitor`: another one acts.
 */
export const ReplicationEvent = z.object({
  number: z.int().positive(),
  at: z.iso.datetime(),
  kind: z.enum(['status', 'placed', 'removed', 'resync', 'node', 'monitor']),
  /** `node/collection/shard`. */
  replica: z.string().optional(),
  node: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  reason: z.string().optional(),
});
export type ReplicationEvent = z.infer<typeof ReplicationEvent>;
export const replicationEvent = { name: 'replication.event', value: ReplicationEvent } as const;

/** It speaks, and its state is not in doubt; while it is `Syncing` it refuses reads. */
export function isConnected({ status }: Pick<ReplicaView, 'status'>): boolean {
  return status !== 'Disconnected' && status !== 'Diverged';
}

/** Answers reads. */
export function isRoutable({ status }: Pick<ReplicaView, 'status'>): boolean {
  return status === 'Connected' || status === 'Lagging';
}
