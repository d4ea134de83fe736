import { z } from 'zod';
import { limits, type PointId } from '@vectorizer/contracts';
import { listed } from './listed.ts';
import { LOOKUP, notTaken, SHARD_KEY, Using, withoutEffect } from './not-taken.ts';
import { QdrantId } from './point-ids.ts';
import { WithPayload, WithVector } from './selections.ts';
import { UnnamedVector } from './vectors.ts';

/** A point by its id, or a vector. */
export type Example = { readonly id: PointId } | { readonly vector: unknown };

const Example = z.unknown().transform((input, context): Example => {
  const isId = typeof input === 'number' || typeof input === 'string';
  const parsed = (isId ? QdrantId : UnnamedVector).safeParse(input);
  if (parsed.success) return isId ? { id: parsed.data as PointId } : { vector: parsed.data };
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});
const Examples = listed(Example, limits.recommendExamplesMax)
  .nullish()
  .transform((list) => list ?? []);

const Params = z
  .strictObject({
    hnsw_ef: z.int().nullish(),
    exact: z.boolean().nullish(),
    quantization: z
      .strictObject({
        ignore: z.boolean().nullish(),
        rescore: z.boolean().nullish(),
        oversampling: z.number().min(1).nullish(),
      })
      .nullish(),
    indexed_only: withoutEffect,
    acorn: withoutEffect,
  })
  .nullish();
export type Params = z.output<typeof Params>;

/** What all searches may say. */
const Options = {
  limit: z
    .int()
    .min(1)
    .nullish()
    .transform((limit) => limit ?? 10),
  offset: z
    .int()
    .min(0)
    .nullish()
    .transform((offset) => offset ?? 0),
  filter: z.unknown().optional(),
  params: Params,
  score_threshold: z.number().nullish(),
  with_payload: WithPayload,
  with_vector: WithVector,
  shard_key: SHARD_KEY,
};
export type Options = z.output<z.ZodObject<typeof Options>>;

const countUpTo = (most: number, otherwise: number): z.ZodType<number, number | null | undefined> =>
  z
    .int()
    .min(1)
    .max(most)
    .nullish()
    .transform((count) => count ?? otherwise);
const { offset: _offset, ...OptionsOfGroups } = Options;
/** Hits in groups, of which each costs a search. */
const GroupOptions = {
  ...OptionsOfGroups,
  limit: countUpTo(limits.batchSearchesMax, 10),
  group_size: countUpTo(limits.batchSearchesMax, 3),
  group_by: z.string().min(1),
  with_lookup: notTaken('not supported: get the points of the other collection by the ids of the groups'),
};
export type GroupOptions = z.output<z.ZodObject<typeof GroupOptions>>;

/** `{ name: "", vector }` is the vector without a name, too. */
const NamedVector = z
  .strictObject({ name: z.literal('', 'not supported: a point has one vector, without a name'), vector: UnnamedVector })
  .transform(({ vector }) => vector);
const SearchVector = z.unknown().transform((input, context): unknown => {
  const isNamed = typeof input === 'object' && input !== null && Object.hasOwn(input, 'name');
  const parsed = (isNamed ? NamedVector : UnnamedVector).safeParse(input);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});

export const SearchPoints = z.strictObject({ vector: SearchVector, ...Options });
export const SearchGroups = z.strictObject({ vector: SearchVector, ...GroupOptions });

const AVERAGE = 'not supported but for average_vector';
const Strategy = z.literal('average_vector', AVERAGE).nullish();
const RecommendFields = {
  positive: Examples,
  negative: Examples,
  strategy: Strategy,
  using: Using,
  lookup_from: LOOKUP,
};
export const RecommendPoints = z.strictObject({ ...RecommendFields, ...Options });
export const RecommendGroups = z.strictObject({ ...RecommendFields, ...GroupOptions });

const Nearest = z.strictObject({
  nearest: Example,
  mmr: z
    .strictObject({
      diversity: z.number().min(0).max(1).nullish(),
      candidates_limit: z.int().min(1).max(limits.kMax).nullish(),
    })
    .nullish(),
});
const Recommend = z.strictObject({
  recommend: z.strictObject({ positive: Examples, negative: Examples, strategy: Strategy }),
});

export type Query = { readonly kind: 'all' } | z.output<typeof Nearest> | z.output<typeof Recommend>;

const NOT_HERE: Readonly<Record<string, string>> = {
  discover: 'there is no search by contexts',
  context: 'there is no search by contexts',
  order_by: 'points are in the order of their scores, or of their ids; scroll takes order_by',
  fusion: 'there is one search in a query',
  rrf: 'there is one search in a query',
  formula: 'scores are those of the metric',
  sample: 'there are no random points',
  relevance_feedback: 'there is no search by feedback',
};

/** Which kind of query it is is told by its keys, and only that is tried. */
const AnyQuery = z.unknown().transform((input, context): Query => {
  if (input === null) return { kind: 'all' };
  const has = (field: string): boolean => typeof input === 'object' && Object.hasOwn(input, field);
  const other = Object.keys(NOT_HERE).find(has);
  if (other !== undefined) {
    context.addIssue({ code: 'custom', path: [other], message: `not supported: ${NOT_HERE[other]}` });
    return z.NEVER;
  }
  if (has('recommend')) return into(Recommend.safeParse(input), context);
  if (has('nearest')) return into(Nearest.safeParse(input), context);
  const parsed = Example.safeParse(input);
  if (parsed.success) return { nearest: parsed.data };
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});

function into<Output extends Query>(parsed: z.ZodSafeParseResult<Output>, context: z.core.$RefinementCtx): Output {
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
}

const QueryFields = {
  query: AnyQuery.optional().transform((query): Query => query ?? { kind: 'all' }),
  prefetch: notTaken('not supported: there is one search in a query'),
  using: Using,
  lookup_from: LOOKUP,
};
export const QueryPoints = z.strictObject({ ...QueryFields, ...Options });
export const QueryGroups = z.strictObject({ ...QueryFields, ...GroupOptions });

const batchOf = <Item extends z.ZodType>(item: Item): z.ZodObject<{ searches: z.ZodArray<Item> }> =>
  z.strictObject({
    searches: listed(item, limits.batchSearchesMax),
  });
export const SearchBatch = batchOf(SearchPoints);
export const RecommendBatch = batchOf(RecommendPoints);
export const QueryBatch = batchOf(QueryPoints);
