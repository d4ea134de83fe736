import type { CollectionConfig, PayloadIndexReport, PayloadIndexType } from '@vectorizer/contracts';
import type { CollectionView, ShardView } from '../collections/collections.ts';
import { distanceOf } from './collection-bodies.ts';

/** What their clients demand to be told of a collection's tuning, where there is nothing of the kind here. */
const NOTHING_OF_THE_KIND = {
  full_scan_threshold: 10_000,
  max_indexing_threads: 0,
  on_disk: false,
} as const;
const OPTIMIZER = {
  deleted_threshold: 0.2,
  vacuum_min_vector_number: 1_000,
  default_segment_number: 0,
  flush_interval_sec: 5,
} as const;

/** A collection as their clients know it. */
export function collectionInfo(
  { record, points, shards }: CollectionView,
  indexes: readonly PayloadIndexReport[],
): object {
  const { dimension, metric, shards: shardNumber, replication_factor, hnsw, kind, quantization } = record.config;
  return {
    status: statusOf(shards),
    optimizer_status: 'ok',
    points_count: points,
    indexed_vectors_count: kind === 'cpu' ? indexedOf(shards) : points,
    segments_count: shards.length,
    config: {
      params: {
        vectors: { size: dimension, distance: distanceOf(metric) },
        shard_number: shardNumber,
        replication_factor,
        write_consistency_factor: 1,
        on_disk_payload: true,
      },
      hnsw_config: { m: hnsw.m, ef_construct: hnsw.ef_construction, ...NOTHING_OF_THE_KIND },
      optimizer_config: OPTIMIZER,
      wal_config: null,
      quantization_config: quantizationInfo(quantization),
    },
    payload_schema: Object.fromEntries(
      indexes.map(({ key, type, points: indexed }) => [
        key,
        { data_type: type satisfies PayloadIndexType, points: indexed },
      ]),
    ),
  };
}

function quantizationInfo(quantization: CollectionConfig['quantization']): object | null {
  if (quantization === undefined) return null;
  return quantization.type === 'int8' ? { scalar: { type: 'int8' } } : { binary: {} };
}

type Replica = Extract<ShardView['replicas'][number], { points: unknown }>;
const known = ({ replicas }: ShardView): readonly Replica[] => replicas.filter((replica) => 'points' in replica);

const isSettled = ({ reachable, phase, buffered }: Replica): boolean =>
  reachable && phase === 'following' && buffered === 0;

/** `yellow` while something is not where it will be: a replica that catches up, or vectors that wait for their graph. */
function statusOf(shards: readonly ShardView[]): 'green' | 'yellow' | 'red' {
  const isDown = shards.some((shard) => !shard.replicas.some((replica) => replica.reachable));
  if (isDown) return 'red';
  return shards.every((shard) => known(shard).every(isSettled)) ? 'green' : 'yellow';
}

/** Vectors in graphs, by the replicas that have the most. */
function indexedOf(shards: readonly ShardView[]): number {
  return shards.reduce((sum, shard) => sum + Math.max(0, ...known(shard).map(({ indexed }) => indexed)), 0);
}
