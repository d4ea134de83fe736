import { counter, gauge, readMemoryUsage } from '@vectorizer/telemetry';
import type { CacheFigures } from './search-cache.ts';

const caches = new Set<() => CacheFigures>();
const bytesInMemory = (): number => [...caches].reduce((sum, figures) => sum + figures().memory.bytes, 0);
readMemoryUsage('cache', bytesInMemory);

const requests = counter({
  name: 'vectorizer_cache_requests_total',
  help: 'Searches by what a cache had for them',
  labelNames: ['cache_type', 'status'] as const,
  collect: () => showTotals(requests, 'requests'),
});
const evictions = counter({
  name: 'vectorizer_cache_evictions_total',
  help: 'Answers that were given up for want of room',
  labelNames: ['cache_type'] as const,
  collect: () => showTotals(evictions, 'evictions'),
});
const shared = counter({
  name: 'vectorizer_cache_shared_total',
  help: 'Misses that waited for another search like theirs, which was under way',
  collect: () => showTotals(shared, 'shared'),
});
const size = gauge({
  name: 'vectorizer_cache_size_bytes',
  help: 'What the answers in a cache take; of Redis, everything that it holds',
  labelNames: ['cache_type'] as const,
  collect() {
    size.set({ cache_type: 'memory' }, bytesInMemory());
    for (const figures of caches) {
      const { redis } = figures();
      if (redis !== undefined) size.set({ cache_type: 'redis' }, redis.bytes);
    }
  },
});
const connected = gauge({
  name: 'vectorizer_cache_connected',
  help: '1 while the shared cache is reached, 0 while it is away; no series where there is none',
  labelNames: ['cache_type'] as const,
  collect() {
    for (const figures of caches) {
      const { redis } = figures();
      if (redis !== undefined) connected.set({ cache_type: 'redis' }, redis.connected ? 1 : 0);
    }
  },
});

type Row = { readonly labels: Record<string, string>; readonly value: number };
type Totals = { readonly [Name in 'requests' | 'evictions' | 'shared']: readonly Row[] };

/** Prints what a cache has counted, from now on. Of several in one process the sums. Answers how to leave it out again. */
export function showCache(figures: () => CacheFigures): () => void {
  caches.add(figures);
  return () => void caches.delete(figures);
}

function showTotals(metric: Total, name: keyof Totals): void {
  metric.reset();
  for (const figures of caches) for (const { labels, value } of totalsOf(figures())[name]) metric.inc(labels, value);
}
type Total = { reset(): void; inc(labels: Record<string, string>, value: number): void };

function totalsOf({ bypasses, shared: waited, memory, redis }: CacheFigures): Totals {
  const inMemory = [
    requested('memory', 'hit', memory.hits),
    requested('memory', 'miss', memory.misses),
    requested('memory', 'bypass', bypasses),
  ];
  const evicted = [{ labels: { cache_type: 'memory' }, value: memory.evictions }];
  const waitedFor = [{ labels: {}, value: waited }];
  if (redis === undefined) return { requests: inMemory, evictions: evicted, shared: waitedFor };
  const inRedis = [
    requested('redis', 'hit', redis.hits),
    requested('redis', 'miss', redis.misses),
    requested('redis', 'failure', redis.failures),
    requested('redis', 'damaged', redis.damaged),
    requested('redis', 'skipped', redis.skipped),
  ];
  return {
    requests: [...inMemory, ...inRedis],
    evictions: [...evicted, { labels: { cache_type: 'redis' }, value: redis.evictions }],
    shared: waitedFor,
  };
}

function requested(cache_type: string, status: string, value: number): Row {
  return { labels: { cache_type, status }, value };
}
