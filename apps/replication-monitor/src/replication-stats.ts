import { isConnected, type ReplicationStats, type ReplicaView } from '@vectorizer/contracts';
import type { KnownShard } from './replica-registry.ts';
import { reportsOf } from './replica-views.ts';

export function statsOf(shards: readonly KnownShard[], replicas: readonly ReplicaView[]): ReplicationStats {
  return {
    role: 'master',
    lag_ms: largest(replicas.map(({ lag_ms }) => lag_ms)),
    bytes_sent: sum(shards.map(bytesLogged)),
    bytes_received: sum(replicas.map(({ bytes_received }) => bytes_received)),
    last_sync: newest(replicas.flatMap(({ last_sync }) => last_sync ?? [])),
    operations_pending: sum(replicas.map(({ lag_entries }) => lag_entries)),
    snapshot_size: 0,
    connected_replicas: replicas.filter(isConnected).length,
    master_offset: sum(shards.map(({ log }) => log?.lastSequence ?? 0)),
    replica_offset: sum(shards.map(appliedByAll)),
    lag_operations: largest(replicas.map(({ lag_entries }) => lag_entries)),
    total_replicated: sum(replicas.map(({ operations_synced }) => operations_synced)),
  };
}

/** A log may have been cut at its old end, and then has had at least what a replica took from it. */
function bytesLogged(shard: KnownShard): number {
  return Math.max(shard.log?.bytes ?? 0, ...reportsOf(shard).map(({ bytes_received }) => bytes_received));
}

function appliedByAll({ replicas }: KnownShard): number {
  return Math.min(...replicas.map(({ heard }) => heard?.report.applied_sequence ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}

/** ISO 8601 in UTC sorts as text. */
function newest(times: readonly string[]): string | null {
  return times.toSorted().at(-1) ?? null;
}
