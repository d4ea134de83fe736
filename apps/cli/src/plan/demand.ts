/** What a collection is to hold and to bear. */
export type Demand = {
  readonly points: number;
  readonly dimension: number;
  readonly kind: 'cpu' | 'quantized' | 'gpu';
  readonly quantization: 'int8' | 'binary';
  readonly payloadBytes: number;
  /** Payload indexes that are declared. */
  readonly indexes: number;
  readonly idBytes: number;
  /** Neighbours of an element of a graph. */
  readonly m: number;
  readonly ef: number;
  readonly k: number;
  /** Copies of each shard. */
  readonly replicas: number;
  /** Undefined: as many as suit. */
  readonly shards: number | undefined;
  readonly nodes: number | undefined;
  /** Searches each second, and points that are written each second. */
  readonly qps: number;
  readonly writeRate: number;
  /** Memory that a machine has for an index node. */
  readonly nodeMemoryBytes: number;
};
