import { z } from 'zod';

/** Each process says this often what it has done, while somebody watches. */
export const ACTIVITY_MS = 1_000;
/** For so long after hearing that somebody does. */
export const WATCHED_MS = 5 * ACTIVITY_MS;
/** Said once a second by those that want to hear of activities. */
export const watching = { name: 'service.watching', value: z.object({}) } as const;

/** Of writes, those of batches; failures are answers that no client is to blame for, whatever was asked. */
export const ActivityCount = z.enum(['searches', 'writes', 'failures', 'operations_applied']);
export type ActivityCount = z.infer<typeof ActivityCount>;

/** What became of the searches that a tier of the query cache was asked, or would have been. */
export const CacheCount = z.enum(['hits', 'misses', 'bypasses', 'evictions']);
export type CacheCount = z.infer<typeof CacheCount>;
export const CacheTier = z.enum(['memory', 'redis']);
export type CacheTier = z.infer<typeof CacheTier>;
export const CacheActivity = z.object({
  tier: CacheTier,
  counts: z.record(CacheCount, z.number()),
  /** What it holds now. */
  bytes: z.number(),
});
export type CacheActivity = z.infer<typeof CacheActivity>;

const BUCKETS_MAX = 64;

/** Answers by their time: upper bounds in seconds, smallest first; the last count is of those above every bound. */
export const LatencyCounts = z.object({
  bounds: z.array(z.number()).max(BUCKETS_MAX),
  counts: z.array(z.number()).max(BUCKETS_MAX + 1),
});
export type LatencyCounts = z.infer<typeof LatencyCounts>;

/** What a process has done since it started: whoever listens takes differences, so that a lost message loses nothing. */
export const Activity = z.object({
  service: z.string(),
  /** Its name for as long as it lives; another one has another. */
  process: z.string(),
  /** Its machine, and the port of its health and metrics. */
  place: z.string(),
  uptime_ms: z.number(),
  memory_bytes: z.number(),
  /** The share of the last second in which its event loop was busy. */
  loop_busy: z.number(),
  counts: z.record(ActivityCount, z.number()),
  /** Of a query process, the tiers that its cache has. */
  caches: z.array(CacheActivity).max(CacheTier.options.length).default([]),
  latencies: z.object({ search: LatencyCounts, write: LatencyCounts }),
});
export type Activity = z.infer<typeof Activity>;

export const activity = { name: 'service.activity', value: Activity } as const;
