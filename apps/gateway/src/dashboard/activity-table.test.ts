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
    latencies: { search: { bounds: [0.001, 0.01], counts: [searches, 0, 0] }, write: IDLE },
  };
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
