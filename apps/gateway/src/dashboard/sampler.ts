import type { Catalog, NodeRegistry } from '@vectorizer/cluster';
import {
  activity,
  heartbeat,
  replicationAgreement,
  replicationStatus,
  watching,
  type Bus,
  type CallContext,
  type DashboardReplica,
  type DashboardSample,
  type ReplicaView,
  type ReplicationSample,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { ActivityTable } from './activity-table.ts';
import { HeardNodes } from './heard-nodes.ts';

/** What one sample shows at most; of the rest it says how many there are. Replicas that are not well come first. */
const COLLECTIONS_MAX = 200;
const REPLICAS_MAX = 1_000;
/** A monitor that takes longer is missing from the sample; the next one comes in a second. */
const MONITOR_MS_MAX = 800;

export type SamplerOptions = { readonly bus: Bus; readonly catalog: Catalog; readonly registry: NodeRegistry };

/** Puts together what is known of the cluster at one moment: what processes tell, what nodes tell, what the monitor knows. */
export class Sampler {
  readonly #bus: Bus;
  readonly #catalog: Catalog;
  readonly #registry: NodeRegistry;
  readonly #activity = new ActivityTable();
  readonly #nodes = new HeardNodes();

  constructor({ bus, catalog, registry }: SamplerOptions) {
    this.#bus = bus;
    this.#catalog = catalog;
    this.#registry = registry;
    bus.listen(activity, (told) => this.#activity.hear(told, performance.now()));
    bus.listen(heartbeat, (beat) => this.#nodes.hear(beat, performance.now()));
  }

  async sample(correlationId: string): Promise<DashboardSample> {
    this.#bus.announce(watching, {});
    const records = this.#catalog.list();
    const context = { correlationId, deadline: Date.now() + MONITOR_MS_MAX };
    const replication = await this.#replication(context).catch(unavailable);
    return {
      at: new Date().toISOString(),
      ...this.#activity.now(performance.now()),
      nodes: this.#nodes.nodes(this.#registry.nodes(), performance.now()),
      collections: this.#nodes.collections(records.slice(0, COLLECTIONS_MAX)),
      collections_left_out: Math.max(0, records.length - COLLECTIONS_MAX),
      ...replication,
    };
  }

  async #replication(context: CallContext): Promise<{ replication: ReplicationSample }> {
    const [{ stats, replicas }, { shards }] = await Promise.all([
      this.#bus.call(replicationStatus, {}, { context }),
      this.#bus.call(replicationAgreement, {}, { context }),
    ]);
    const shown = replicas.length <= REPLICAS_MAX ? replicas : replicas.toSorted(byNeed).slice(0, REPLICAS_MAX);
    const agreement = shards.slice(0, REPLICAS_MAX);
    const replicas_left_out = replicas.length - shown.length;
    return { replication: { stats, replicas: shown.map(shownReplica), replicas_left_out, agreement } };
  }
}

/** Not to be asked now is a state to show; a bug is not. */
function unavailable(cause: unknown): { replication: null; reason: string } {
  const failure = Failure.from(cause);
  if (failure.type === 'internal_error') throw failure;
  return { replication: null, reason: failure.message };
}

function byNeed(a: ReplicaView, b: ReplicaView): number {
  return Number(a.status === 'Connected') - Number(b.status === 'Connected');
}

function shownReplica(replica: ReplicaView): DashboardReplica {
  const { id, node, collection, shard, address, status, reason, lag_ms, lag_entries, primary, offset } = replica;
  const shown = { id, node, collection, shard, address, status, lag_ms, lag_entries, primary, offset };
  return reason === undefined ? shown : { ...shown, reason };
}
