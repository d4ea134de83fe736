import {
  epochSeconds,
  legacyStats,
  type LegacyStats,
  type ReplicationStatus,
  type ReplicaView,
} from '@vectorizer/contracts';

/** What clients of the unversioned paths expect: times as seconds since the epoch, no nulls, and four states. */
type LegacyReplica = {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly status: 'Connected' | 'Syncing' | 'Lagging' | 'Disconnected';
  readonly lag_ms: number;
  readonly last_heartbeat: number;
  readonly operations_synced: number;
  readonly address: string | null;
  readonly offset: number;
  readonly lag_operations: number;
};

export type LegacyStatus = {
  readonly role: 'Master';
  readonly enabled: true;
  readonly stats: LegacyStats;
  readonly replicas: readonly LegacyReplica[];
};

export function legacyStatus({ enabled, stats, replicas }: ReplicationStatus): LegacyStatus {
  return { role: 'Master', enabled, stats: legacyStats(stats), replicas: replicas.map(legacyReplica) };
}

export function legacyReplica(replica: ReplicaView): LegacyReplica {
  return {
    id: replica.id,
    host: replica.host ?? '',
    port: replica.port ?? 0,
    // They know no fifth state, and must not read from a replica whose state is in doubt.
    status: replica.status === 'Diverged' ? 'Disconnected' : replica.status,
    lag_ms: replica.lag_ms,
    last_heartbeat: epochSeconds(replica.last_heartbeat),
    operations_synced: replica.operations_synced,
    address: replica.address,
    offset: replica.offset,
    lag_operations: replica.lag_operations,
  };
}
