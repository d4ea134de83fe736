import { z } from 'zod';

/** Each process says how it is this often; what was heard longer ago than the other says nothing any more. */
export const HEALTH_NEWS_MS = 2_000;
export const HEALTH_SILENT_MS_MAX = 10_000;

/** A process, and what of it is well (`up`) and what is not, by the name of the check. */
export const serviceHealth = {
  name: 'health',
  value: z.object({
    service: z.string(),
    /** Its machine, and the port of its health and metrics: tells the processes of one service apart. */
    address: z.string(),
    checks: z.array(z.object({ name: z.string(), up: z.boolean(), message: z.string().optional() })).max(64),
  }),
} as const;
export type ServiceHealth = z.infer<typeof serviceHealth.value>;
