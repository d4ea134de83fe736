import { z } from 'zod';
import { maybe } from './shapes.ts';
import { procedure } from './bus.ts';
import { limits } from './limits.ts';
import { CollectionName } from './names.ts';
import { readStages } from './read-stages.ts';

/** A read that took long, as the query process that answered it remembers it. */
export const SlowQuery = z.object({
  at: z.string().describe('When it ended, ISO 8601'),
  process: z.string().describe('`host:port` of the query process'),
  correlation_id: z.string(),
  procedure: z.enum(['search', 'read', 'scroll', 'count']),
  collection: z.string().describe('Its name, or the uid of one that is gone'),
  took_ms: z.number(),
  /** What is not in any stage passed before a failure, or between two processes. */
  stages: z.partialRecord(z.enum(readStages), z.number()),
  parameters: z.record(z.string(), z.unknown()).describe('What was asked, without vectors and ids'),
  failure: maybe(z.string()).describe('The type of the failure, of a read that failed'),
});
export type SlowQuery = Readonly<z.infer<typeof SlowQuery>>;

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

/** In the order, as many as asked for. */
export function inOrder(queries: readonly SlowQuery[], { order, limit }: SlowQueriesQuery): readonly SlowQuery[] {
  const sorted =
    order === 'slowest'
      ? queries.toSorted((a, b) => b.took_ms - a.took_ms)
      : queries.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return sorted.slice(0, limit);
}
