import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { limits, type Consistency, type PointId } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import type { ReadOptions } from '../edge.ts';
import { parameter, queryOf } from '../requests.ts';
import { idInPath, QdrantId } from './point-ids.ts';

const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');
/** In seconds. One that is longer than any that we wait is as long as the longest. */
const Timeout = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a whole number of seconds')
  .transform((text) => Math.min(Number(text) * 1_000, limits.timeoutMsMax))
  .optional();
/** Every write has its place in the log of its shard, which is the strongest of these. */
const Ordering = z.enum(['weak', 'medium', 'strong']).optional();
/** How many replicas have to say the same there. Here any number of them beyond one is what was acknowledged before. */
const ReadConsistency = z
  .union([z.enum(['majority', 'quorum', 'all']), z.string().regex(/^[1-9]\d{0,3}$/)], {
    error: 'expected majority, quorum, all or a number of replicas',
  })
  .transform((text): Consistency | undefined => (text === '1' ? undefined : 'strong'))
  .optional();

const Waiting = { wait: Flag.default(false), timeout: Timeout };
export const qdrantQueries = {
  none: z.strictObject({}),
  timed: z.strictObject({ timeout: Timeout }),
  write: z.strictObject({ ...Waiting, ordering: Ordering }),
  snapshot: z.strictObject({ wait: Flag.default(true) }),
  read: z.strictObject({ consistency: ReadConsistency, timeout: Timeout }),
};

export type QdrantWriteQuery = z.output<typeof qdrantQueries.write>;

export function readOptionsOf(request: FastifyRequest): ReadOptions {
  const { consistency, timeout } = queryOf(qdrantQueries.read, request);
  return { consistency, timeout_ms: timeout };
}

export function qdrantIdOf(request: FastifyRequest): PointId {
  return parse(QdrantId, idInPath(String(parameter(request, 'id'))), 'id');
}
