import { describe, expect, it } from '@jest/globals';
import { chaos } from './chaos.ts';
import { FAULT_KINDS } from './plan.ts';

const SEED = 20_261_126;

describe('a cluster', () => {
  it('keeps every promise while its processes are killed, paused, hung, cut off and damaged', async () => {
    const lines: string[] = [];
    const { violations, report, acknowledged, answered } = await chaos({
      seed: SEED,
      durationMs: 75_000,
      kinds: FAULT_KINDS,
      shape: { nodes: 3, replicas: 3 },
      say: (line) => lines.push(line),
    });
    if (violations.length > 0) throw new Error([report, '', 'faults:', ...lines].join('\n'));
    // A run in which nothing succeeds breaks no promise either.
    expect(acknowledged).toBeGreaterThan(30);
    expect(answered).toBeGreaterThan(30);
  }, 600_000);
});
