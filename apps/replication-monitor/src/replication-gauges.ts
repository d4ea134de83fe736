import type { ReplicationStatus } from '@vectorizer/contracts';
import { gauge } from '@vectorizer/telemetry';

/** The replication status as metrics. The series of a replica that is gone goes too. */
export class ReplicationGauges {
  readonly #lag = gauge({
    name: 'vectorizer_replication_lag_ms',
    help: 'Age of the oldest entry that the replica has not applied, in milliseconds',
    labelNames: ['replica_id'],
  });
  readonly #connected = gauge({
    name: 'vectorizer_replication_connected_replicas',
    help: 'Replicas that are heard and whose state is not in doubt',
  });
  readonly #pending = gauge({
    name: 'vectorizer_replication_operations_pending',
    help: 'Entries that are logged and not applied, over all replicas',
  });
  #shown: ReadonlySet<string> = new Set();

  show({ stats, replicas }: Pick<ReplicationStatus, 'stats' | 'replicas'>): void {
    this.#connected.set(stats.connected_replicas);
    this.#pending.set(stats.operations_pending);
    const ids = new Set(replicas.map(({ id }) => id));
    for (const id of this.#shown) if (!ids.has(id)) this.#lag.remove({ replica_id: id });
    for (const { id, lag_ms } of replicas) this.#lag.set({ replica_id: id }, lag_ms);
    this.#shown = ids;
  }
}
