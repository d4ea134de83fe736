import type { ReplicationStatus } from '@vectorizer/contracts';
import { gauge } from '@vectorizer/telemetry';
import type { KnownShard } from './replica-registry.ts';
import { reportsOf } from './replica-views.ts';
import { SeriesOf } from './series-of.ts';

const STATUSES = ['Connected', 'Syncing', 'Lagging', 'Disconnected', 'Diverged'] as const;

export type Shown = Pick<ReplicationStatus, 'stats' | 'replicas'> & {
  readonly shards: readonly KnownShard[];
  /** Whether this is the monitor that acts. */
  readonly acts: boolean;
  /** Logs that did not answer at the last look. */
  readonly silentLogs: number;
  readonly nodes: { readonly lost: number; readonly speaking: number };
};

/** The state of the cluster as metrics. The series of a replica or collection that is gone go too. */
export class ReplicationGauges {
  readonly #lag = new SeriesOf('replica_id', {
    name: 'vectorizer_replication_lag_ms',
    help: 'Age of the oldest entry that the replica has not applied, in milliseconds',
  });
  readonly #lagEntries = new SeriesOf('replica_id', {
    name: 'vectorizer_replication_lag_entries',
    help: 'Entries that are logged and that the replica has not applied',
  });
  readonly #vectors = new SeriesOf('collection', {
    name: 'vectorizer_vectors_total',
    help: 'Points of the collection, by the replica of each shard that has applied the most',
  });
  readonly #logBytes = new SeriesOf('collection', {
    name: 'vectorizer_log_bytes',
    help: 'Bytes that the logs of the collection hold',
  });
  readonly #logEntries = new SeriesOf('collection', {
    name: 'vectorizer_log_entries',
    help: 'Entries that the logs of the collection hold',
  });
  readonly #collections = gauge({ name: 'vectorizer_collections_total', help: 'Collections that exist' });
  readonly #statuses = gauge({
    name: 'vectorizer_replication_replicas',
    help: 'Replicas by status',
    labelNames: ['status'],
  });
  readonly #connected = gauge({
    name: 'vectorizer_replication_connected_replicas',
    help: 'Replicas that are heard and whose state is not in doubt',
  });
  readonly #pending = gauge({
    name: 'vectorizer_replication_operations_pending',
    help: 'Entries that are logged and not applied, over all replicas',
  });
  readonly #nodes = gauge({
    name: 'vectorizer_replication_nodes',
    help: 'Index nodes that speak, and that are lost beyond the grace time',
    labelNames: ['state'],
  });
  readonly #silentLogs = gauge({
    name: 'vectorizer_log_unavailable',
    help: 'Logs that nobody answered for at the last look: no server, or no leader for want of a quorum',
  });
  readonly #acting = gauge({
    name: 'vectorizer_replication_monitor_acting',
    help: '1 in the monitor that acts, 0 in those that stand by',
  });

  show({ stats, replicas, shards, acts, silentLogs, nodes }: Shown): void {
    this.#connected.set(stats.connected_replicas);
    this.#pending.set(stats.operations_pending);
    this.#silentLogs.set(silentLogs);
    this.#acting.set(acts ? 1 : 0);
    this.#nodes.set({ state: 'lost' }, nodes.lost);
    this.#nodes.set({ state: 'speaking' }, nodes.speaking);
    for (const status of STATUSES) {
      this.#statuses.set({ status }, replicas.filter((replica) => replica.status === status).length);
    }
    this.#lag.show(new Map(replicas.map(({ id, lag_ms }) => [id, lag_ms])));
    this.#lagEntries.show(new Map(replicas.map(({ id, lag_entries }) => [id, lag_entries])));
    const byCollection = Map.groupBy(shards, ({ record }) => record.name);
    this.#collections.set(byCollection.size);
    const summed = (of: (shard: KnownShard) => number): Map<string, number> =>
      new Map(Array.from(byCollection, ([name, all]) => [name, all.reduce((sum, shard) => sum + of(shard), 0)]));
    this.#vectors.show(summed(pointsOf));
    this.#logBytes.show(summed(({ log }) => log?.bytes ?? 0));
    this.#logEntries.show(summed(entriesOf));
  }
}

function pointsOf(shard: KnownShard): number {
  return reportsOf(shard).toSorted((a, b) => b.applied_sequence - a.applied_sequence)[0]?.points ?? 0;
}

/** The server says that an empty log begins at 0, until it has held something. */
function entriesOf({ log }: KnownShard): number {
  return log === undefined ? 0 : log.lastSequence - Math.max(1, log.firstSequence) + 1;
}
