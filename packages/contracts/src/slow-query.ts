import { z } from 'zod';
import { procedure } from './bus.ts';
import { limits } from './limits.ts';
import { CollectionName } from './names.ts';
import type { ReadStages } from './read-stages.ts';

/** A read that took long, as the query process that answered it remembers it. */
export type SlowQuery = {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** `host:port` of the query process. */
  readonly process: string;
  readonly correlation_id: string;
  readonly procedure: 'search' | 'read' | 'scroll' | 'count';
  /** The name of the collection, or the uid of one that is gone. */
  readonly collection: string;
  readonly took_ms: number;
  /** What is not in any stage passed before a failure, or between two processes. */
  readonly stages: ReadStages;
  /** What was asked, without vectors and ids. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The type of the failure, of a read that failed. */
  readonly failure?: string;
};

export const SlowQueriesQuery = z.object({
  collection: CollectionName.optional(),
  min_ms: z.number().nonnegative().optional(),
  limit: z.int().min(1).max(limits.slowQueriesMax),
  order: z.enum(['newest', 'slowest']),
});
export type SlowQueriesQuery = z.infer<typeof SlowQueriesQuery>;

/** Query, each: the slow reads that this process remembers, in the order asked for. */
export const slowQueries = procedure<{ readonly threshold_ms: number; readonly queries: readonly SlowQuery[] }>()(
  'query.slow',
  SlowQueriesQuery,
);

/** In an order, as many as asked for. */
export function inOrder(queries: readonly SlowQuery[], { order, limit }: SlowQueriesQuery): readonly SlowQuery[] {
  const sorted =
    order === 'slowest'
      ? queries.toSorted((a, b) => b.took_ms - a.took_ms)
      : queries.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return sorted.slice(0, limit);
}
