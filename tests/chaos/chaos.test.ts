import { describe, expect, it } from '@jest/globals';
import { chaos } from './chaos.ts';
import { FAULT_KINDS } from './plan.ts';

const SEED = 20_261_126;

describe('a cluster', () => {
  it.each([
    ['with logs that hold everything', { seed: SEED, durationMs: 120_000 }],
    ['with logs that are cut behind snapshots', { seed: SEED + 1, durationMs: 75_000, smallLogs: true }],
  ])(
    '%s keeps every promise while its processes are killed, paused, hung, cut off and damaged',
    async (_, run) => {
      const lines: string[] = [];
      const { violations, report, acknowledged, answered, cut } = await chaos({
        ...run,
        kinds: FAULT_KINDS,
        shape: { nodes: 3, replicas: 3 },
        say: (line) => lines.push(line),
      });
      if (violations.length > 0) throw new Error([report, '', 'faults:', ...lines].join('\n'));
      // A run in which nothing succeeds breaks no promise either.
      expect(acknowledged).toBeGreaterThan(30);
      expect(answered).toBeGreaterThan(30);
      expect(cut.every((entries) => entries > 0)).toBe('smallLogs' in run);
    },
    600_000,
  );
});
