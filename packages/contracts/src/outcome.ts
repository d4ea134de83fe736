import { z } from 'zod';
import { Count, maybe } from './shapes.ts';

/** What an operation came to; from `not_found` on, that is an error. */
export const OutcomeStatus = z.enum([
  'created',
  'updated',
  'unchanged',
  'deleted',
  'not_found',
  'already_exists',
  'version_conflict',
  'idempotency_key_reused',
  'rejected',
]);

/**
 * What an operation came to. `version` is the point's version after it (for a conflict: the one found);
 * `count` is how many points a `delete_by_filter` removed; `reason` says why an operation was rejected.
 */
export const Outcome = z.object({
  status: OutcomeStatus,
  version: maybe(Count),
  count: maybe(Count),
  reason: maybe(z.string()),
});
export type Outcome = Readonly<z.infer<typeof Outcome>>;
