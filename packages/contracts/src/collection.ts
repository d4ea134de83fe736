import { z } from 'zod';
import { limits } from './limits.ts';
import { CollectionName, CollectionUid, NodeId } from './names.ts';
import { PayloadIndexes } from './payload-index.ts';
import { Quantization } from './quantization.ts';

export const Metric = z.enum(['cosine', 'dot', 'euclidean']);
export type Metric = z.infer<typeof Metric>;

export const Kind = z.enum(['cpu', 'quantized', 'gpu']);
export type Kind = z.infer<typeof Kind>;

/** Graph parameters; the defaults reach recall@10 ≥ 0.95 on real text embeddings. */
export const Hnsw = z.strictObject({
  m: z.int().min(2).max(64).default(16),
  ef_construction: z.int().min(4).max(1_000).default(200),
  ef_search: z.int().min(4).max(limits.efMax).default(64),
});
export type Hnsw = z.infer<typeof Hnsw>;

/** What a client chooses when it creates a collection; fixed for the collection's life. */
export const collectionFields = {
  dimension: z.int().min(1).max(limits.dimensionMax),
  metric: Metric.default('cosine'),
  kind: Kind.default('cpu'),
  hnsw: Hnsw.optional(),
  /** Of a quantized collection. */
  quantization: Quantization.optional(),
  shards: z.int().min(1).max(limits.shardsMax).default(1),
  replication_factor: z.int().min(1).max(limits.replicationFactorMax).default(1),
};
const Chosen = z.strictObject(collectionFields);
type Chosen = z.infer<typeof Chosen>;

export const CollectionConfig = Chosen.transform(complete);
export type CollectionConfig = z.infer<typeof CollectionConfig>;

/** Parameters that are not given, where the kind has them. */
export function complete<Given extends Chosen>(given: Given): Given & { readonly hnsw: Hnsw } {
  return {
    ...given,
    hnsw: given.hnsw ?? Hnsw.parse({}),
    ...(given.kind === 'quantized' && { quantization: given.quantization ?? Quantization.parse({}) }),
  };
}

/** Says which of the given parameters the kind does not have. */
export function checkKind({ kind, hnsw, quantization }: Chosen, context: z.core.$RefinementCtx): void {
  const refuse = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  if (kind === 'quantized' && hnsw !== undefined) refuse('hnsw', 'a collection of kind quantized has no graph');
  if (kind !== 'quantized' && quantization !== undefined)
    refuse('quantization', `only a collection of kind quantized has one, this is to be of kind ${kind}`);
}

/** A collection as the catalog keeps it. `placement[shard]` lists the nodes that hold a replica of that shard. */
export const CollectionRecord = z.object({
  v: z.literal(1),
  uid: CollectionUid,
  name: CollectionName,
  created_at: z.iso.datetime(),
  config: CollectionConfig,
  placement: z.array(z.array(NodeId)),
  /** May change in the collection's life. */
  payload_indexes: PayloadIndexes.default([]),
  /** Whether its searches may be answered from the cache. May change, too. */
  cache: z.boolean().default(true),
});
export type CollectionRecord = z.infer<typeof CollectionRecord>;

/** Another name of a collection, for as long as that lives: a namesake created later has none of its aliases. */
export const AliasRecord = z.object({
  v: z.literal(1),
  alias: CollectionName,
  collection: CollectionName,
  uid: CollectionUid,
  created_at: z.iso.datetime(),
});
export type AliasRecord = z.infer<typeof AliasRecord>;
