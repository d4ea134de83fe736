import { describe, expect, it } from '@jest/globals';
import { LocalBus } from '@vectorizer/cluster';
import { activity, watching, type Activity } from '@vectorizer/contracts';
import { counter, createLogger, gauge, histogram } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import { ActivityTeller } from './activity.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('what a process tells of its activity', () => {
  it('is what its metrics say, once a second while somebody watches', async () => {
    const labelNames = ['collection', 'status'] as const;
    const searches = counter({ name: 'vectorizer_search_requests_total', help: 'Searches', labelNames });
    searches.inc({ collection: 'a', status: 'success' }, 3);
    searches.inc({ collection: 'b', status: 'error' });
    const errors = counter({
      name: 'vectorizer_api_errors_total',
      help: 'Errors',
      labelNames: ['endpoint', 'status_code'] as const,
    });
    errors.inc({ endpoint: '/a', status_code: '503' }, 2);
    errors.inc({ endpoint: '/b', status_code: '404' }, 7);
    const cache = counter({
      name: 'vectorizer_cache_requests_total',
      help: 'Lookups',
      labelNames: ['cache_type', 'status'] as const,
    });
    cache.inc({ cache_type: 'memory', status: 'hit' }, 5);
    cache.inc({ cache_type: 'memory', status: 'miss' }, 3);
    cache.inc({ cache_type: 'memory', status: 'bypass' }, 9);
    cache.inc({ cache_type: 'redis', status: 'hit' });
    cache.inc({ cache_type: 'redis', status: 'miss' }, 2);
    cache.inc({ cache_type: 'redis', status: 'damaged' });
    const tiers = ['cache_type'] as const;
    counter({ name: 'vectorizer_cache_evictions_total', help: 'Evictions', labelNames: tiers }).inc(
      { cache_type: 'memory' },
      4,
    );
    gauge({ name: 'vectorizer_cache_size_bytes', help: 'Bytes', labelNames: tiers }).set(
      { cache_type: 'memory' },
      1_000,
    );
    histogram({ name: 'vectorizer_search_latency_seconds', help: 'Time', buckets: [0.001, 0.01] }).observe(0.002);
    const bus = new LocalBus();
    const told: Activity[] = [];
    bus.listen(activity, (value) => told.push(value));
    const teller = new ActivityTeller({ service: 'query', bus, logger, place: 'here:15012' });
    bus.announce(watching, {});
    await until(() => told.length === 2);
    teller.close();
    const [first, second] = told;
    expect(first).toMatchObject({
      service: 'query',
      place: 'here:15012',
      counts: { searches: 4, writes: 0, failures: 2, operations_applied: 0 },
      caches: [
        { tier: 'memory', counts: { hits: 5, misses: 3, bypasses: 9, evictions: 4 }, bytes: 1_000 },
        { tier: 'redis', counts: { hits: 1, misses: 2, bypasses: 0, evictions: 0 }, bytes: 0 },
      ],
      latencies: { search: { bounds: [0.001, 0.01], counts: [0, 1, 0] }, write: { bounds: [], counts: [] } },
    });
    expect(first?.memory_bytes).toBeGreaterThan(0);
    expect(second?.process).toBe(first?.process);
    expect(second?.uptime_ms).toBeGreaterThan(first?.uptime_ms ?? Infinity);
  });

  it('is nothing while nobody does', async () => {
    const told: string[] = [];
    const start = (service: string): { readonly bus: LocalBus; readonly teller: ActivityTeller } => {
      const bus = new LocalBus();
      bus.listen(activity, (value) => told.push(value.service));
      return { bus, teller: new ActivityTeller({ service, bus, logger, place: 'here:1' }) };
    };
    const [alone, watched] = [start('alone'), start('watched')];
    watched.bus.announce(watching, {});
    // They began together: when the one has told twice, the other has had its turns.
    await until(() => told.length === 2);
    alone.teller.close();
    watched.teller.close();
    expect(told).toEqual(['watched', 'watched']);
  });
});
