import { isRoutable, type ReplicationStatus, type ReplicaView } from '@vectorizer/contracts';
import { oldestMissing } from '@vectorizer/log';
import { lagBytes } from './lag.ts';
import type { KnownShard } from './replica-registry.ts';
import { reportsOf } from './replica-views.ts';

export function statsOf(shards: readonly KnownShard[], replicas: readonly ReplicaView[]): ReplicationStatus['stats'] {
  return {
    role: 'master',
    lag_ms: largest(replicas.map(({ lag_ms }) => lag_ms)),
    bytes_sent: sum(shards.map(bytesPublished)),
    bytes_received: sum(replicas.map(({ bytes_received }) => bytes_received)),
    last_sync: newest(replicas.flatMap(({ last_sync }) => last_sync ?? [])),
    operations_pending: sum(replicas.map(({ lag_entries }) => lag_entries)),
    snapshot_size: sum(shards.map(snapshotBytes)),
    connected_replicas: replicas.filter(isRoutable).length,
    master_offset: sum(shards.map(logEnd)),
    replica_offset: sum(shards.map(appliedByAll)),
    lag_operations: largest(replicas.map(({ lag_entries }) => lag_entries)),
    total_replicated: sum(replicas.map(({ operations_synced }) => operations_synced)),
  };
}

/**
 * What the replica that has applied the most has consumed, and an estimate of what it has not applied yet. The log itself
 * cannot tell: it is cut at its old end. Exact when all is applied, and then the same after any restart.
 */
function bytesPublished({ log, replicas }: KnownShard): number {
  const [ahead] = replicas
    .flatMap(({ heard }) => (heard === undefined ? [] : [heard.report]))
    .toSorted((a, b) => b.applied_sequence - a.applied_sequence);
  const missing = log === undefined ? undefined : oldestMissing(ahead?.applied_sequence ?? 0, log);
  const entries = log === undefined || missing === undefined ? 0 : log.lastSequence - missing + 1;
  return (ahead?.bytes_received ?? 0) + lagBytes(entries, ahead, log);
}

/** The newest shared snapshot, as the primary knows it; others may remember an older one. */
function snapshotBytes(shard: KnownShard): number {
  const snapshots = reportsOf(shard).flatMap(({ snapshot }) => snapshot ?? []);
  return snapshots.toSorted((a, b) => b.sequence - a.sequence)[0]?.bytes ?? 0;
}

function appliedByAll({ replicas }: KnownShard): number {
  return Math.min(...replicas.map(({ heard }) => heard?.report.applied_sequence ?? 0));
}

/** As last looked at, or as a replica tells that has applied what came after that look. One that diverged tells of no log. */
function logEnd(shard: KnownShard): number {
  const sound = reportsOf(shard).filter(({ phase }) => phase !== 'diverged');
  return Math.max(shard.log?.lastSequence ?? 0, ...sound.map(({ applied_sequence }) => applied_sequence));
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
