import { describe, expect, it } from '@jest/globals';
import { Lateness } from './lateness.ts';

const following = (): Lateness => {
  const lateness = new Lateness();
  lateness.caughtUp();
  return lateness;
};

describe('a replica that follows its log', () => {
  it('is in a hurry from a second of lag on, until there is next to none', () => {
    const lateness = following();
    const haste = (lagMs: number): string => {
      lateness.passed({ at: 10_000, pending: 5 }, 10_000 + lagMs);
      return lateness.haste;
    };
    expect([0, 1_000, 1_001, 800, 251, 250, 800].map(haste)).toEqual([
      'usual',
      'usual',
      'urgent',
      'urgent',
      'urgent',
      'usual',
      'usual',
    ]);
  });

  it('is in none with the last entry, however late that came', () => {
    const lateness = following();
    lateness.passed({ at: 0, pending: 1 }, 60_000);
    expect(lateness.haste).toBe('urgent');
    lateness.passed({ at: 0, pending: 0 }, 60_001);
    expect(lateness.haste).toBe('usual');
  });
});

describe('a replica that catches up', () => {
  it('has patience for as long as it gets nearer to the end of its log', () => {
    const lateness = new Lateness();
    for (let second = 0; second <= 60; second++) {
      lateness.passed({ at: 0, pending: 1_000 - second }, second * 1_000);
      expect(lateness.haste).toBe('patient');
    }
    lateness.caughtUp();
    expect(lateness.haste).toBe('usual');
  });

  it('is in a hurry once it does not', () => {
    const lateness = new Lateness();
    for (const nowMs of [0, 2_500, 4_999]) lateness.passed({ at: 0, pending: 1_000 + nowMs }, nowMs);
    expect(lateness.haste).toBe('patient');
    lateness.passed({ at: 0, pending: 1_000 }, 5_000);
    expect(lateness.haste).toBe('urgent');
    lateness.passed({ at: 0, pending: 10 }, 10_000);
    expect(lateness.haste).toBe('urgent');
  });
});
