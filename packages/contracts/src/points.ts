import { z } from 'zod';
import { list } from './shapes.ts';

/** A point as services hand it to each other: the payload as JSON text, null when the point has none. */
export type PointView = {
  readonly id: string;
  readonly version: number;
  readonly vector?: Float32Array;
  readonly payload?: string | null;
};

/** A search hit; higher scores are better for every metric. */
export type Hit = PointView & { readonly score: number };

/** Something the caller should know about an answer that is right all the same. */
export const Warning = z.object({
  code: z.literal('unindexed_filter'),
  message: z.string(),
  fields: list(z.string()).describe('The payload keys that it is about'),
});
export type Warning = Readonly<z.infer<typeof Warning>>;

/** The keys of a filter that no payload index answers for. */
export function unindexedFilter(fields: readonly string[]): Warning {
  const message = `payload fields without an index are looked at point by point: ${fields.join(', ')}`;
  return { code: 'unindexed_filter', message, fields };
}

/** Best first; ties by id, so that answers of several shards and replicas merge the same way. */
export function byRank(a: Pick<Hit, 'id' | 'score'>, b: Pick<Hit, 'id' | 'score'>): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
