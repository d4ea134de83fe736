import type { Resync } from './replication.ts';

export type Metric = 'cosine' | 'dot' | 'euclidean';
export type Kind = 'cpu' | 'quantized' | 'gpu';
export type Hnsw = { readonly m: number; readonly ef_construction: number; readonly ef_search: number };
/** How a collection of kind `quantized` stands for its vectors in memory; `rescore` reads the vectors of the best and scores those. */
export type Quantization = {
  readonly type: 'int8' | 'binary';
  readonly rescore: boolean;
  /** That many times k are scored again. */
  readonly oversampling: number;
};
export type PayloadIndexType = 'keyword' | 'integer' | 'float' | 'bool' | 'datetime' | 'geo';

export type NewCollectionInput = {
  readonly name: string;
  readonly dimension: number;
  readonly metric?: Metric | undefined;
  readonly kind?: Kind | undefined;
  readonly hnsw?: Partial<Hnsw> | undefined;
  /** Of a collection of kind `quantized`. */
  readonly quantization?: Partial<Quantization> | undefined;
  readonly shards?: number | undefined;
  readonly replication_factor?: number | undefined;
  readonly payload_indexes?: readonly PayloadIndex[] | undefined;
  /** Whether its searches may be answered from the cache; true unless given. */
  readonly cache?: boolean | undefined;
};
/** Filters on the key, a dotted path into the payload, are answered by an index of values of the type. */
export type PayloadIndex = { readonly key: string; readonly type: PayloadIndexType };
export type PayloadIndexState = PayloadIndex & {
  /** Filters make use of it once it is ready on every shard. */
  readonly state: 'building' | 'ready';
  /** How many points have something at the key, as far as the index has got. */
  readonly points: number;
};
export type CollectionConfig = {
  readonly dimension: number;
  readonly metric: Metric;
  readonly kind: Kind;
  /** Of a collection that has a graph. */
  readonly hnsw?: Hnsw | undefined;
  /** Of a collection of kind `quantized`. */
  readonly quantization?: Quantization | undefined;
  readonly shards: number;
  readonly replication_factor: number;
};
export type Collection = {
  readonly name: string;
  readonly uid: string;
  readonly created_at: string;
  readonly config: CollectionConfig;
  readonly payload_indexes: readonly PayloadIndex[];
  readonly cache: boolean;
};
/** A replica that never answered has only its node; see the report of a heartbeat for the rest. */
export type Replica = {
  readonly node: string;
  readonly reachable: boolean;
  readonly phase?: string;
  readonly applied_sequence?: number;
  readonly durable_sequence?: number;
  readonly points?: number;
  readonly indexed?: number;
  readonly buffered?: number;
  readonly dead?: number;
  /** Of the vectors in memory, where it is known. */
  readonly bytes?: number;
  /** Where it is searched, on which device, and why not on one although its kind asks for it. */
  readonly backend?: 'cpu' | 'gpu';
  readonly device?: string | null;
  readonly backend_reason?: string | null;
  readonly state_hash?: string;
  readonly chain?: string;
  /** Whether it takes the shared snapshots of its shard. */
  readonly primary?: boolean;
  /** Over the life of the log. */
  readonly operations_applied?: number;
  readonly entries_rejected?: number;
  /** How often it was built from a shared snapshot since its node started. */
  readonly full_syncs?: number;
  /** The newest time that it was built anew since its node started. */
  readonly resync?: Resync;
  /** The newest shared snapshot that it knows of. */
  readonly snapshot?: { readonly sequence: number; readonly bytes: number } | null;
};
export type CollectionState = Collection & {
  readonly points: number;
  readonly shards: readonly { readonly shard: number; readonly replicas: readonly Replica[] }[];
};

/** Another name of a collection. */
export type Alias = {
  readonly alias: string;
  readonly collection: string;
  readonly uid: string;
  readonly created_at: string;
};
