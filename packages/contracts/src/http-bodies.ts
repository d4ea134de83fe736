import { z } from 'zod';
import { Filter } from './filter.ts';
import { Consistency } from './procedures.ts';
import { limits } from './limits.ts';
import { CollectionName, PointId } from './names.ts';
import { PayloadIndex } from './payload-index.ts';
import { PayloadText } from './payload.ts';
import { SearchQuantization } from './quantization.ts';
import { Vector } from './vector.ts';

/**
 * The bodies of `/api/v1`. Out of a parse comes what the services work with: vectors as Float32Array, payloads as
 * JSON text. Items of a batch are `unknown` here and parsed one by one, so that one bad item does not refuse the rest.
 */
const IfVersion = z.int().nonnegative().optional();
const batch = (max: number): z.ZodArray<z.ZodUnknown> =>
  z.array(z.unknown()).min(1, 'must not be empty').max(max, `must have at most ${max} items`);

export const PointBody = z.strictObject({
  id: PointId,
  vector: Vector,
  payload: PayloadText.nullish(),
  if_version: IfVersion,
});
export const InsertBody = PointBody.omit({ if_version: true });
/** Of PointBody, and of InsertBody. */
export const UpsertBatchBody = z.strictObject({ points: batch(limits.batchPointsMax) });
export const InsertBatchBody = z.strictObject({ points: batch(limits.batchPointsMax) });

/** An absent field is kept, a null payload is cleared. */
export const UpdateBody = z
  .strictObject({ vector: Vector.optional(), payload: PayloadText.nullish(), if_version: IfVersion })
  .refine((body) => body.vector !== undefined || body.payload !== undefined, 'expected a vector, a payload, or both');

const Keys = z.array(z.string().min(1).max(256)).min(1).max(limits.payloadKeysPerRequestMax);
/** Exactly one of the three changes. */
export const PatchBody = z.union(
  [
    z.strictObject({ merge: PayloadText, if_version: IfVersion }),
    z.strictObject({ replace: PayloadText, if_version: IfVersion }),
    z.strictObject({ delete_keys: Keys, if_version: IfVersion }),
  ],
  'expected exactly one of merge (object), replace (object), delete_keys (list of names)',
);

export const PayloadIndexBody = PayloadIndex.omit({ key: true });

/** One operation of a mixed batch, named as in the log. */
export const BatchOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('upsert'), ...PointBody.shape }),
  z.strictObject({ op: z.literal('insert'), ...InsertBody.shape }),
  z.strictObject({
    op: z.literal('update'),
    id: PointId,
    vector: Vector.optional(),
    payload: PayloadText.nullish(),
    if_version: IfVersion,
  }),
  z.strictObject({ op: z.literal('payload_merge'), id: PointId, payload: PayloadText, if_version: IfVersion }),
  z.strictObject({ op: z.literal('payload_replace'), id: PointId, payload: PayloadText, if_version: IfVersion }),
  z.strictObject({ op: z.literal('payload_delete_keys'), id: PointId, keys: Keys, if_version: IfVersion }),
  z.strictObject({ op: z.literal('delete'), id: PointId, if_version: IfVersion }),
]);
/** Of BatchOperation. */
export const MixedBatchBody = z.strictObject({ operations: batch(limits.batchPointsMax) });

/** A filter without conditions lets everything through: nobody is to delete a collection by leaving something out. */
export const DeleteFilter = Filter.refine(
  (filter) => Object.values(filter).some((conditions) => (conditions?.length ?? 0) > 0),
  'must have at least one condition; to delete everything, delete the collection',
);
export const DeleteByIds = z.strictObject({ ids: batch(limits.batchPointsMax) });
export const DeleteByFilter = z.strictObject({ filter: DeleteFilter });
export const DeleteBody = z.union([DeleteByIds, DeleteByFilter], 'expected exactly one of ids (list) or filter');

const ReadOptions = {
  consistency: Consistency.optional(),
  max_lag_ms: z.int().min(0).max(limits.lagMsMax).optional(),
  timeout_ms: z.int().min(1).max(limits.timeoutMsMax).optional(),
};
const Fields = { with_payload: z.boolean().default(true), with_vector: z.boolean().default(false) };

const SearchOptions = {
  k: z.int().min(1).max(limits.kMax).default(10),
  ef: z.int().min(1).max(limits.efMax).optional(),
  exact: z.boolean().optional(),
  quantization: SearchQuantization.optional(),
  filter: Filter.optional(),
  score_threshold: z.number().optional(),
  ...Fields,
};
const SearchFields = { vector: Vector, ...SearchOptions };
const CacheOptions = { max_staleness_ms: z.int().min(0).max(limits.stalenessMsMax).optional() };
export const SearchBody = z.strictObject({ ...SearchFields, ...ReadOptions, ...CacheOptions });
export const SearchOfBatch = z.strictObject(SearchFields);
export const SearchBatchBody = z.strictObject({
  searches: z.array(SearchOfBatch).min(1, 'must not be empty').max(limits.batchSearchesMax),
  ...ReadOptions,
  ...CacheOptions,
});
/** One vector, sought in several collections at once. */
export const SearchManyBody = z.strictObject({
  collections: z.array(CollectionName).min(1, 'must not be empty').max(limits.searchCollectionsMax),
  ...SearchFields,
  ...ReadOptions,
  ...CacheOptions,
});

/** A point of the collection by its id, which is what a text is here, or a vector. */
export const Example = z.unknown().transform((input, context): PointId | Float32Array => {
  const parsed = (typeof input === 'string' ? PointId : Vector).safeParse(input);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});
export const RecommendBody = z.strictObject({
  positive: z.array(Example).min(1, 'must not be empty').max(limits.recommendExamplesMax),
  negative: z.array(Example).max(limits.recommendExamplesMax).default([]),
  ...SearchOptions,
  ...ReadOptions,
  ...CacheOptions,
});
/** A standing query: which points are near a vector, by their distance, by their score, or as the k nearest. */
export const Near = z
  .strictObject({
    vector: Vector,
    /** The largest distance: Euclidean, or 1 − cosine. */
    radius: z.number().nonnegative().optional(),
    score_threshold: z.number().optional(),
    k: z.int().min(1).max(limits.nearMembersMax).optional(),
    /** Of the searches that it takes to know who is near. */
    exact: z.boolean().default(false),
  })
  .refine(
    ({ radius, score_threshold, k }) =>
      [radius, score_threshold, k].filter((bound) => bound !== undefined).length === 1,
    'expected exactly one of radius, score_threshold, k',
  );
export type Near = z.output<typeof Near>;
export const ChangesBody = z.strictObject({
  from: z.string().min(1).default('now'),
  filter: Filter.optional(),
  near: Near.optional(),
  ...Fields,
});

export const GetBody = z.strictObject({
  ids: z.array(PointId).min(1, 'must not be empty').max(limits.batchPointsMax),
  with_payload: z.boolean().default(true),
  with_vector: z.boolean().default(true),
  ...ReadOptions,
});
export const ScrollBody = z.strictObject({
  after: PointId.optional(),
  limit: z.int().min(1).max(limits.scrollLimitMax).default(100),
  filter: Filter.optional(),
  ...Fields,
  ...ReadOptions,
});
export const CountBody = z.strictObject({ filter: Filter.optional(), ...ReadOptions });
/** What may change in a collection's life, payload indexes apart. */
export const CollectionChangeBody = z.strictObject({ cache: z.boolean() });
export const AliasBody = z.strictObject({ collection: CollectionName });
