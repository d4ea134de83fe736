import { z } from 'zod';
import type { CollectionRecord, Metric } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import { notTaken, withoutEffect } from './not-taken.ts';

const DISTANCES = { Cosine: 'cosine', Dot: 'dot', Euclid: 'euclidean' } as const satisfies Record<string, Metric>;
const Distance = z.enum(['Cosine', 'Dot', 'Euclid'], 'expected Cosine, Dot or Euclid; there is no other metric here');

export function distanceOf(metric: Metric): keyof typeof DISTANCES {
  return metric === 'cosine' ? 'Cosine' : metric === 'dot' ? 'Dot' : 'Euclid';
}

const HnswConfig = z
  .strictObject({
    m: z.int().nullish(),
    ef_construct: z.int().nullish(),
    full_scan_threshold: withoutEffect,
    max_indexing_threads: withoutEffect,
    on_disk: withoutEffect,
    payload_m: withoutEffect,
    inline_storage: withoutEffect,
    memory: withoutEffect,
  })
  .nullish();
const Stored = { quantile: withoutEffect, always_ram: withoutEffect, memory: withoutEffect };
const QuantizationConfig = z
  .union(
    [
      z.strictObject({ scalar: z.strictObject({ type: z.literal('int8'), ...Stored }) }),
      z.strictObject({
        binary: z.strictObject({
          ...Stored,
          encoding: z.literal('one_bit').nullish(),
          query_encoding: z.enum(['default', 'binary']).nullish(),
        }),
      }),
    ],
    { error: 'expected { scalar: { type: "int8" } } or { binary: {} }; vectors are not quantized otherwise here' },
  )
  .nullish();
type QuantizationConfig = z.output<typeof QuantizationConfig>;

const VectorParams = z.strictObject({
  size: z.unknown(),
  distance: Distance,
  hnsw_config: HnswConfig,
  quantization_config: QuantizationConfig,
  multivector_config: notTaken('not supported: a point has one vector'),
  on_disk: withoutEffect,
  memory: withoutEffect,
  datatype: withoutEffect,
});
const NAMED = 'named vectors are not supported: expected { size, distance }, or that under the name ""';
const VectorsConfig = z.unknown().transform((input, context): z.output<typeof VectorParams> => {
  const isMap = typeof input === 'object' && input !== null && !('size' in input) && !('distance' in input);
  const names = isMap ? Object.keys(input) : [];
  if (isMap && (names.length !== 1 || names[0] !== '')) {
    context.addIssue({ code: 'custom', message: NAMED });
    return z.NEVER;
  }
  const parsed = VectorParams.safeParse(isMap ? Reflect.get(input, '') : input);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
const isEmptyObject = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
const SPARSE = z.unknown().refine(isEmptyObject, 'sparse vectors are not supported').optional();
const METADATA = z.unknown().refine(isEmptyObject, 'not supported: a collection has no data of its own').optional();
const StrictMode = z
  .looseObject({ enabled: z.literal(false, 'not supported: the limits of this server are fixed').nullish() })
  .nullish();

export const CreateCollection = z.strictObject({
  vectors: VectorsConfig,
  shard_number: z.unknown().optional(),
  replication_factor: z.unknown().optional(),
  sharding_method: z.literal('auto', 'not supported: a point belongs to the shard of the hash of its id').nullish(),
  hnsw_config: HnswConfig,
  quantization_config: QuantizationConfig,
  sparse_vectors: SPARSE,
  metadata: METADATA,
  strict_mode_config: StrictMode,
  init_from: notTaken('not supported: restore a snapshot under another name'),
  write_consistency_factor: withoutEffect,
  on_disk_payload: withoutEffect,
  payload: withoutEffect,
  optimizers_config: withoutEffect,
  wal_config: withoutEffect,
});

/** The body of our own creation, for its schema to check. */
export function creationOf(name: string, input: unknown): object {
  const body = parse(CreateCollection, input);
  const { size, distance, hnsw_config: own, quantization_config: ownQuantization } = body.vectors;
  const quantization = quantizationOf(ownQuantization ?? body.quantization_config);
  const { m, ef_construct } = { ...withoutNulls(body.hnsw_config), ...withoutNulls(own) };
  const hnsw = { ...(m !== undefined && { m }), ...(ef_construct !== undefined && { ef_construction: ef_construct }) };
  return {
    name,
    dimension: size,
    metric: DISTANCES[distance],
    // Codes are scanned, and have no graph that anything of it could be tuned.
    ...(quantization === undefined ? { hnsw } : { kind: 'quantized', quantization }),
    ...(isGiven(body.shard_number) && { shards: body.shard_number }),
    ...(isGiven(body.replication_factor) && { replication_factor: body.replication_factor }),
  };
}

function quantizationOf(config: QuantizationConfig): { readonly type: 'int8' | 'binary' } | undefined {
  if (!config) return undefined;
  return { type: 'scalar' in config ? 'int8' : 'binary' };
}

type Hnsw = { readonly m?: number | null | undefined; readonly ef_construct?: number | null | undefined };

function withoutNulls(config: Hnsw | null | undefined): { m?: number; ef_construct?: number } {
  const { m, ef_construct } = config ?? {};
  return { ...(typeof m === 'number' && { m }), ...(typeof ef_construct === 'number' && { ef_construct }) };
}

export const UpdateCollection = z.strictObject({
  vectors: z
    .record(
      z.literal('', NAMED),
      z.strictObject({
        hnsw_config: HnswConfig,
        quantization_config: QuantizationConfig,
        on_disk: withoutEffect,
        memory: withoutEffect,
      }),
    )
    .nullish(),
  params: z
    .strictObject({
      replication_factor: z.int().nullish(),
      write_consistency_factor: withoutEffect,
      read_fan_out_factor: withoutEffect,
      read_fan_out_delay_ms: withoutEffect,
      on_disk_payload: withoutEffect,
      payload: withoutEffect,
    })
    .nullish(),
  hnsw_config: HnswConfig,
  quantization_config: QuantizationConfig,
  sparse_vectors: SPARSE,
  metadata: METADATA,
  strict_mode_config: StrictMode,
  optimizers_config: withoutEffect,
});

/** What a collection is made with stays: an update may say what is so already, and what has no effect here. */
export function checkUpdate(input: unknown, { config }: CollectionRecord): void {
  const { vectors, params, hnsw_config, quantization_config } = parse(UpdateCollection, input);
  const own = vectors?.[''];
  const asked: readonly (readonly [string, unknown, unknown])[] = [
    ['params.replication_factor', params?.replication_factor, config.replication_factor],
    ...[hnsw_config, own?.hnsw_config].flatMap((hnsw) => [
      ['hnsw_config.m', hnsw?.m, config.hnsw.m] as const,
      ['hnsw_config.ef_construct', hnsw?.ef_construct, config.hnsw.ef_construction] as const,
    ]),
    ...[quantization_config, own?.quantization_config].map(
      (quantization) => ['quantization_config', quantizationOf(quantization)?.type, config.quantization?.type] as const,
    ),
  ];
  for (const [field, value, fixed] of asked) {
    if (value === undefined || value === null || value === fixed) continue;
    throw invalidField(field, `is fixed when a collection is made, and is ${JSON.stringify(fixed ?? null)} here`);
  }
}
