import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';

/** Works in slices of 2 ms, each of so many steps, and rests as it is told; answers how long it takes in all. */
function run({ steps, perSlice, withinMs }: { steps: number; perSlice: number; withinMs: number }): number {
  const pace = new Pace(steps, withinMs, 0);
  let nowMs = 0;
  for (let done = perSlice; done < steps; done += perSlice) {
    nowMs += 2;
    nowMs += pace.restMs(2, done, nowMs);
  }
  return nowMs + 2;
}

describe('the pace of work in slices', () => {
  it('is a fifth of the time where that is enough', () => {
    // A second of work.
    expect(run({ steps: 50_000, perSlice: 100, withinMs: 40_000 })).toBeCloseTo(5_000, -2);
  });

  it('is as much as it takes to be through in time', () => {
    // Fifteen seconds of work.
    const ms = run({ steps: 750_000, perSlice: 100, withinMs: 40_000 });
    expect(ms).toBeGreaterThan(39_000);
    expect(ms).toBeLessThanOrEqual(40_100);
  });

  it('is never more than half of the time', () => {
    // A minute of work.
    expect(run({ steps: 3_000_000, perSlice: 100, withinMs: 40_000 })).toBeCloseTo(120_000, -2);
  });
});
