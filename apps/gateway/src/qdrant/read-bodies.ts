import { z } from 'zod';
import { limits } from '@vectorizer/contracts';
import { listed } from './listed.ts';
import { SHARD_KEY, withoutEffect } from './not-taken.ts';
import { QdrantId } from './point-ids.ts';
import { WithPayload, WithVector } from './selections.ts';

const Fields = { with_payload: WithPayload, with_vector: WithVector, shard_key: SHARD_KEY };

/** More are read in several steps, as far as that. */
const POINTS_MAX = 10_000;

export const GetPoints = z.strictObject({
  ids: listed(QdrantId, limits.batchPointsMax),
  ...Fields,
});
/** By what a scroll is ordered, in place of ids: a key, from its least value on or from its greatest. */
const OrderBy = z.union(
  [
    z
      .string()
      .min(1)
      .transform((key) => ({ key, direction: 'asc' as const, start_from: undefined })),
    z.strictObject({
      key: z.string().min(1),
      direction: z
        .enum(['asc', 'desc'])
        .nullish()
        .transform((direction) => direction ?? 'asc'),
      start_from: z
        .union([z.number(), z.string()])
        .nullish()
        .transform((start) => start ?? undefined),
    }),
  ],
  { error: 'expected a key, or { key, direction, start_from }' },
);
export type OrderBy = z.output<typeof OrderBy>;

export const ScrollPoints = z.strictObject({
  offset: QdrantId.nullish().transform((id) => id ?? undefined),
  limit: z
    .int()
    .min(1)
    .max(POINTS_MAX)
    .nullish()
    .transform((limit) => limit ?? 10),
  filter: z.unknown().optional(),
  order_by: OrderBy.nullish().transform((order) => order ?? undefined),
  ...Fields,
});
/** Counts are exact, whether that is asked for or not. */
export const CountPoints = z.strictObject({
  filter: z.unknown().optional(),
  exact: withoutEffect,
  shard_key: SHARD_KEY,
});
export const Facet = z.strictObject({
  key: z.string().min(1),
  limit: z
    .int()
    .min(1)
    .nullish()
    .transform((limit) => limit ?? 10),
  filter: z.unknown().optional(),
  exact: withoutEffect,
  shard_key: SHARD_KEY,
});
