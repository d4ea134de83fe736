import { describe, expect, it } from '@jest/globals';
import { Worth } from './worth.ts';

/** How many of these lookups are made, when each takes a millisecond, and computing ten. */
function made(worth: Worth, lookups: number, finds: (i: number) => boolean): number {
  worth.computed(10);
  let asked = 0;
  for (let i = 0; i < lookups; i++) {
    if (!worth.decide()) continue;
    asked += 1;
    worth.looked({ tookMs: 1, found: finds(i) ? 1 : 0 });
  }
  return asked;
}

describe('asking a slower cache', () => {
  it('goes on while one hit in ten pays for all lookups', () => {
    expect(made(new Worth(), 1_000, (i) => i % 5 === 0)).toBe(1_000);
  });

  it('nearly ends when nothing is found, and comes back when it is', () => {
    const worth = new Worth();
    expect(made(worth, 1_000, () => false)).toBeLessThan(50);
    expect(made(worth, 1_000, () => true)).toBeGreaterThan(800);
  });

  it('is known by the mean of its first times, and later by the latest', () => {
    const worth = new Worth();
    for (const tookMs of [150, 5, 1]) worth.looked({ tookMs, found: 0 });
    expect(worth.lookupMs).toBeCloseTo(52);
    for (let i = 0; i < 300; i++) worth.looked({ tookMs: 1, found: 0 });
    expect(worth.lookupMs).toBeCloseTo(1);
  });
});
