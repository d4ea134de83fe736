import { z } from 'zod';
import { ClusterStats, type ReplicationStats } from './replication.ts';
import { Count, list } from './shapes.ts';

/** What clients of the unversioned paths expect: times as seconds since the epoch, no nulls, and four states. */
export const LegacyReplica = z.object({
  id: z.string(),
  host: z.string(),
  port: z.int(),
  status: z.enum(['Connected', 'Syncing', 'Lagging', 'Disconnected']),
  lag_ms: z.number(),
  last_heartbeat: Count.describe('Seconds since the epoch; 0: never'),
  operations_synced: Count,
  address: z.string().nullable(),
  offset: Count,
  lag_operations: z.number(),
});
export type LegacyReplica = Readonly<z.infer<typeof LegacyReplica>>;
export const LegacyClusterStats = ClusterStats.extend({
  last_sync: Count.describe('Seconds since the epoch; 0: never'),
});
export const LegacyStatus = z.object({
  role: z.literal('Master'),
  enabled: z.literal(true),
  stats: LegacyClusterStats,
  replicas: list(LegacyReplica),
});
export type LegacyStatus = Readonly<z.infer<typeof LegacyStatus>>;
export const LegacyReplicas = z.object({ replicas: list(LegacyReplica), count: Count });

/** As clients of the unversioned paths expect it: times as seconds since the epoch. */
export type LegacyStats<S extends ReplicationStats = ReplicationStats> = Omit<S, 'last_sync'> & {
  readonly last_sync: number;
};

export function legacyStats<S extends ReplicationStats>(stats: S): LegacyStats<S> {
  return { ...stats, last_sync: epochSeconds(stats.last_sync) };
}

/** 0: never. */
export function epochSeconds(time: string | null): number {
  return time === null ? 0 : Math.floor(Date.parse(time) / 1_000);
}
