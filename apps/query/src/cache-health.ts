import type { HealthCheck } from '@vectorizer/frame';
import type { Query } from './query.ts';

/** Never fails: without its shared part the cache is slower, and nothing is wrong. */
export function cacheHealth(query: Query): HealthCheck {
  return {
    name: 'cache',
    needed: false,
    check: () => {
      const { bypasses, memory, redis } = query.cacheFigures;
      return { shared: redis === undefined ? 'none' : redis.connected ? 'connected' : 'away', bypasses, memory, redis };
    },
  };
}
