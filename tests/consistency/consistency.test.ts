import { describe, expect, it } from '@jest/globals';
import { chaos } from '../chaos/chaos.ts';

const SEED = 20_261_127;

/** Replicas that lag, are lost and come back, and what answers from caches; no gateway, so that none forgets. */
const struck = (name: string): boolean => /^(index|query|redis)/.test(name);

describe('answers that caches give', () => {
  it('keep every promise of every level while replicas lag and processes fail', async () => {
    const { violations, report, hits, answered, acknowledged } = await chaos({
      seed: SEED,
      durationMs: 50_000,
      load: 'repeated',
      kinds: ['kill', 'pause', 'cut'],
      targets: struck,
      shape: { nodes: 3, replicas: 3 },
      say: () => undefined,
    });
    if (violations.length > 0) throw new Error(report);
    // A run without hits, or in which nothing is written, shows nothing.
    expect(hits).toBeGreaterThan(100);
    expect(answered).toBeGreaterThan(500);
    expect(acknowledged).toBeGreaterThan(100);
  }, 600_000);
});
