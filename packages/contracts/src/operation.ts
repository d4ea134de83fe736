import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import { Filter } from './filter.ts';
import { limits } from './limits.ts';
import { PointId } from './names.ts';
import { Vector } from './vector.ts';

/** The sequence of the last change that the writer has seen; the operation is refused when the point has another. */
const IfVersion = z.int().nonnegative().optional();

/** JSON text of an object, as PayloadText makes it. Re-serialised on decode, so that equal payloads are equal bytes. */
const Text = z.string().transform((text, context): string => {
  const canonical = textOfObject(text);
  if (canonical !== undefined) return canonical;
  context.addIssue({ code: 'custom', message: 'expected the JSON text of an object' });
  return z.NEVER;
});

/** The text as we write it, of the JSON text of an object; undefined for any other. */
export function textOfObject(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : undefined;
  } catch {
    // Text that does not parse and text that is no object are the same fault.
    return undefined;
  }
}

const Keys = z.array(z.string().min(1).max(256)).min(1).max(limits.payloadKeysPerRequestMax);

/**
 * One change to one point (or, for `delete_by_filter`, to all that match). What it came to is decided when the entry
 * is applied, from the state at that sequence, so every replica decides the same.
 *
 * - `upsert` replaces the whole point; without a payload the point has none. `insert` fails when the point exists.
 * - `update` fails when the point is absent; an absent vector or payload is kept, a null payload is cleared.
 * - `payload_merge` overwrites top-level keys, `payload_replace` the whole payload, `payload_delete_keys` removes keys.
 */
export const Operation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('upsert'), id: PointId, vector: Vector, payload: Text.nullish(), if_version: IfVersion }),
  z.object({ kind: z.literal('insert'), id: PointId, vector: Vector, payload: Text.nullish() }),
  z.object({
    kind: z.literal('update'),
    id: PointId,
    vector: Vector.optional(),
    payload: Text.nullish(),
    if_version: IfVersion,
  }),
  z.object({ kind: z.literal('payload_merge'), id: PointId, payload: Text, if_version: IfVersion }),
  z.object({ kind: z.literal('payload_replace'), id: PointId, payload: Text, if_version: IfVersion }),
  z.object({ kind: z.literal('payload_delete_keys'), id: PointId, keys: Keys, if_version: IfVersion }),
  z.object({ kind: z.literal('delete'), id: PointId, if_version: IfVersion }),
  z.object({ kind: z.literal('delete_by_filter'), filter: Filter }),
]);
export type Operation = z.infer<typeof Operation>;

/** What a request came to on one shard; `replayed` when an earlier entry had already decided it. */
export type RequestOutcome = {
  readonly request_id: string;
  readonly sequence: number;
  readonly replayed: boolean;
  readonly outcomes: readonly Outcome[];
};
