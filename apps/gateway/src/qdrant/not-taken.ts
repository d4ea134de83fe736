import { z } from 'zod';

/** A field that changes what is answered and that there is nothing for here: refused with the reason, unless it is null. */
export function notTaken(reason: string): z.ZodOptional<z.ZodUnknown> {
  return z
    .unknown()
    .refine((value) => value === undefined || value === null, reason)
    .optional();
}

/** A field that only tunes how Qdrant works, whatever is in it; docs/QDRANT.md lists them. */
export const withoutEffect = z.unknown().optional();

export const SHARD_KEY = notTaken('not supported: a point belongs to the shard of the hash of its id');
export const LOOKUP = notTaken('not supported: examples are points of the collection that is searched');
/** The one vector that a point has is the one without a name. */
export const Using = z
  .literal('', 'not supported: a point has one vector, without a name')
  .nullish()
  .transform(() => undefined);
