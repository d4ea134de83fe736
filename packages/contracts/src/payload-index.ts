import { z } from 'zod';
import { limits } from './limits.ts';

/** A dotted path into the payload. */
export const PayloadKey = z.string().min(1).max(limits.payloadKeyCharactersMax);

/**
 * What a payload index holds of the values at its key: texts, numbers, booleans, ISO 8601 times or `{ lat, lon }`.
 * Values of other types may stand there all the same; filters find them as if there were no index.
 */
export const PayloadIndexType = z.enum(['keyword', 'integer', 'float', 'bool', 'datetime', 'geo']);
export type PayloadIndexType = z.infer<typeof PayloadIndexType>;

export const PayloadIndex = z.strictObject({ key: PayloadKey, type: PayloadIndexType });
export type PayloadIndex = z.infer<typeof PayloadIndex>;

/** The declared indexes of a collection, one for a key at most. */
export const PayloadIndexes = z
  .array(PayloadIndex)
  .max(limits.payloadIndexesMax, `must have at most ${limits.payloadIndexesMax} indexes`)
  .refine((indexes) => new Set(indexes.map(({ key }) => key)).size === indexes.length, 'must not name a key twice');

/** A payload index on one replica. Filters make use of it once it is `ready`. */
export const PayloadIndexReport = z.object({
  key: z.string(),
  type: PayloadIndexType,
  state: z.enum(['building', 'ready']),
  /** How many points have something at the key, as far as the index has got. */
  points: z.int().nonnegative(),
});
export type PayloadIndexReport = z.infer<typeof PayloadIndexReport>;
