import type { NodeRecord } from '@vectorizer/cluster';
import type {
  CollectionRecord,
  CollectionSample,
  Heartbeat,
  NodeId,
  NodeSample,
  ReplicaReport,
} from '@vectorizer/contracts';

type Heard = { readonly atMs: number; readonly replicas: readonly ReplicaReport[] };

/** By node, its last heartbeat and what that said of each of its replicas. */
export class HeardNodes {
  readonly #heard = new Map<NodeId, Heard>();

  hear({ node, replicas }: Heartbeat, atMs: number): void {
    this.#heard.set(node, { atMs, replicas });
  }

  /** Of the nodes that have joined, how long each has been silent. Others are forgotten. */
  nodes(joined: readonly NodeRecord[], nowMs: number): NodeSample[] {
    const there = new Set(joined.map(({ node }) => node));
    for (const node of this.#heard.keys()) if (!there.has(node)) this.#heard.delete(node);
    return joined.map(({ node, host, port }) => {
      const atMs = this.#heard.get(node)?.atMs;
      return { node, address: `${host}:${port}`, silent_ms: atMs === undefined ? null : Math.round(nowMs - atMs) };
    });
  }

  /** What they say of these collections; a replica that is placed elsewhere by now counts no more. */
  collections(records: readonly CollectionRecord[]): CollectionSample[] {
    const reports = Map.groupBy(
      [...this.#heard.values()].flatMap(({ replicas }) => replicas),
      ({ uid }) => uid,
    );
    return records.map((record) => sampleOf(record, reports.get(record.uid) ?? []));
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
