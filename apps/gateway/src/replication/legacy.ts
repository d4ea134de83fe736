import {
  epochSeconds,
  legacyStats,
  type Answer,
  type ReplicationStatus,
  type ReplicaView,
} from '@vectorizer/contracts';

type LegacyStatus = Answer<'LegacyReplicationStatus'>;
type LegacyReplica = Answer<'LegacyReplica'>;

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
