import { describe, expect, it } from '@jest/globals';
import { ActivityCount, type Activity } from '@vectorizer/contracts';
import { ActivityTable } from './activity-table.ts';

const NONE = Object.fromEntries(ActivityCount.options.map((name) => [name, 0])) as Activity['counts'];
const IDLE = { bounds: [0.001, 0.01], counts: [0, 0, 0] };

function told(process: string, uptime_ms: number, searches: number): Activity {
  return {
    service: 'gateway',
    process,
    place: `${process}:1`,
    uptime_ms,
    memory_bytes: 1,
    loop_busy: 0,
    counts: { ...NONE, searches },
    caches: [],
    latencies: { search: { bounds: [0.001, 0.01], counts: [searches, 0, 0] }, write: IDLE },
  };
}

/** By a query process whose cache has done so much in each of its tiers. */
function toldOfCaches(process: string, uptime_ms: number, done: number): Activity {
  const counts = { hits: done, misses: 2 * done, bypasses: 0, evictions: 3 * done };
  const caches = (['memory', 'redis'] as const).map((tier) => ({ tier, counts, bytes: 1_000 }));
  return { ...told(process, uptime_ms, 0), service: 'query', caches };
}

describe('the activity of a cluster', () => {
  it('is a rate by the clock of each process, over all of them', () => {
    const table = new ActivityTable();
    table.hear(told('a', 1_000, 100), 0);
    table.hear(told('b', 9_000, 5), 0);
    table.hear(told('a', 3_000, 140), 2_500);
    table.hear(told('b', 10_000, 15), 2_500);
    const { rates, latency_ms, processes } = table.now(2_500);
    expect(rates.searches).toBe(20 + 10);
    expect(rates.writes).toBe(0);
    expect(latency_ms.search?.p50).toBeCloseTo(0.5);
    expect(latency_ms.write).toBeNull();
    expect(processes.map(({ process }) => process)).toEqual(['a', 'b']);
  });

  it('sums what the caches of the processes hold and did, but for what the one Redis tells to all', () => {
    const table = new ActivityTable();
    for (const [uptimeMs, done] of [
      [1_000, 0],
      [2_000, 10],
    ] as const) {
      for (const process of ['a', 'b']) table.hear(toldOfCaches(process, uptimeMs, done), uptimeMs);
      table.hear(told('gateway', uptimeMs, 0), uptimeMs);
    }
    expect(table.now(2_000).caches).toEqual([
      { tier: 'memory', rates: { hits: 20, misses: 40, bypasses: 0, evictions: 60 }, bytes: 2_000 },
      { tier: 'redis', rates: { hits: 20, misses: 40, bypasses: 0, evictions: 30 }, bytes: 1_000 },
    ]);
  });

  it('forgets a process that is silent', () => {
    const table = new ActivityTable();
    table.hear(told('a', 1_000, 0), 0);
    table.hear(told('a', 2_000, 10), 1_000);
    expect(table.now(6_000).rates.searches).toBe(10);
    expect(table.now(6_001)).toMatchObject({ rates: { searches: 0 }, processes: [] });
  });

  it('is not negative when a dropped collection has taken its counts along', () => {
    const table = new ActivityTable();
    table.hear(told('a', 1_000, 50), 0);
    table.hear(told('a', 2_000, 10), 1_000);
    expect(table.now(1_000).rates.searches).toBe(0);
  });

  it('remembers so many processes and no more', () => {
    const table = new ActivityTable();
    for (let i = 0; i < 1_100; i++) table.hear(told(`p${i}`, 1, 0), 0);
    expect(table.now(0).processes).toHaveLength(1_024);
  });
});
