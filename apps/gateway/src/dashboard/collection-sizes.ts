import type { CollectionRecord, CollectionSample, Heartbeat, NodeId, ReplicaReport } from '@vectorizer/contracts';

/** By node, what its last heartbeat said of each of its replicas. */
export class CollectionSizes {
  readonly #reports = new Map<NodeId, readonly ReplicaReport[]>();

  hear({ node, replicas }: Heartbeat): void {
    this.#reports.set(node, replicas);
  }

  /** Of the first so many collections. A replica that is placed elsewhere by now counts no more. */
  of(records: readonly CollectionRecord[], max: number): CollectionSample[] {
    const nodes = new Set(records.flatMap(({ placement }) => placement.flat()));
    for (const node of this.#reports.keys()) if (!nodes.has(node)) this.#reports.delete(node);
    const reports = Map.groupBy([...this.#reports.values()].flat(), ({ uid }) => uid);
    return records.slice(0, max).map((record) => sampleOf(record, reports.get(record.uid) ?? []));
  }
}

function sampleOf({ name, config, placement }: CollectionRecord, all: readonly ReplicaReport[]): CollectionSample {
  const placed = all.filter(({ node, shard }) => placement[shard]?.includes(node));
  const newest = placement.flatMap((_, shard) => {
    const replicas = placed.filter((report) => report.shard === shard);
    return replicas.toSorted((a, b) => b.applied_sequence - a.applied_sequence)[0] ?? [];
  });
  const sum = (field: 'points' | 'indexed' | 'buffered' | 'dead'): number =>
    newest.reduce((total, report) => total + report[field], 0);
  const bytes = placed.flatMap((report) => report.bytes ?? []);
  const { dimension, metric, kind, shards, replication_factor } = config;
  return {
    name,
    config: { dimension, metric, kind, shards, replication_factor },
    points: sum('points'),
    indexed: sum('indexed'),
    buffered: sum('buffered'),
    dead: sum('dead'),
    bytes: bytes.length === 0 ? null : bytes.reduce((total, each) => total + each, 0),
  };
}
