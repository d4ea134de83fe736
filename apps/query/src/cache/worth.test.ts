import { describe, expect, it } from '@jest/globals';
import { Worth } from './worth.ts';

type Finds = (i: number) => boolean;

/** How many of these lookups are made, when each takes a millisecond, and computing ten; of new searches unless told. */
function made(worth: Worth, lookups: number, { again = false, finds }: { again?: boolean; finds: Finds }): number {
  worth.computed(10);
  let asked = 0;
  for (let i = 0; i < lookups; i++) {
    if (!worth.decide(again)) continue;
    asked += 1;
    worth.looked({ again, tookMs: 1, found: finds(i) ? 1 : 0 });
  }
  return asked;
}

describe('asking a slower cache', () => {
  it('goes on while one hit in ten pays for all lookups', () => {
    expect(made(new Worth(), 1_000, { finds: (i) => i % 5 === 0 })).toBe(1_000);
  });

  it('nearly ends when nothing is found, and comes back when it is', () => {
    const worth = new Worth();
    expect(made(worth, 1_000, { finds: () => false })).toBeLessThan(50);
    expect(made(worth, 1_000, { finds: () => true })).toBeGreaterThan(800);
  });

  it('ends for searches that are new here, though those that come again are found', () => {
    const worth = new Worth();
    for (let round = 0; round < 100; round++) {
      expect(made(worth, 1, { again: true, finds: () => true })).toBe(1);
      made(worth, 1, { finds: () => false });
    }
    expect(made(worth, 1_000, { finds: () => false })).toBeLessThan(50);
    expect([worth.pays(true), worth.pays(false)]).toEqual([true, false]);
  });

  it('is known by the mean of its first times, and later by the latest', () => {
    const worth = new Worth();
    for (const tookMs of [150, 5, 1]) worth.looked({ again: false, tookMs, found: 0 });
    expect(worth.lookupMs).toBeCloseTo(52);
    for (let i = 0; i < 300; i++) worth.looked({ again: true, tookMs: 1, found: 0 });
    expect(worth.lookupMs).toBeCloseTo(1);
  });
});
