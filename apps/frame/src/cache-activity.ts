import { CacheTier, type CacheActivity } from '@vectorizer/contracts';
import { countOf, seriesOf } from '@vectorizer/telemetry';

/** Lookups that failed and values that were damaged are among the misses. */
const HIT = ['hit'];
const MISS = ['miss'];
/** Where Redis has not been worth asking, it is passed by. */
const BYPASS = ['bypass', 'skipped'];

/** What the tiers of this process's query cache have done, as `/metrics` says; none in a process that has no cache. */
export async function cacheActivities(): Promise<CacheActivity[]> {
  const each = await Promise.all(CacheTier.options.map(activityOf));
  return each.filter((found) => found !== undefined);
}

async function activityOf(tier: CacheTier): Promise<CacheActivity | undefined> {
  const ofTier = { cache_type: tier };
  const requests = await seriesOf('vectorizer_cache_requests_total', ofTier);
  if (requests.length === 0) return undefined;
  const requested = (statuses: readonly string[]): number =>
    requests.reduce((sum, { labels, value }) => sum + (statuses.includes(String(labels['status'])) ? value : 0), 0);
  const evictions = await countOf('vectorizer_cache_evictions_total', ofTier);
  return {
    tier,
    counts: { hits: requested(HIT), misses: requested(MISS), bypasses: requested(BYPASS), evictions },
    bytes: await countOf('vectorizer_cache_size_bytes', ofTier),
  };
}
