import { describe, expect, it } from '@jest/globals';
import { lagOf, NO_LAG, oldestMissing, type LagBasis } from './lag.ts';

const log = { firstSequence: 1, lastSequence: 10, bytes: 0 };
const basis: LagBasis = { applied: 7, spokeAtMs: 5_000, missing: 8, oldestAtMs: 4_000 };

describe('the lag of a replica', () => {
  it('is none when it has applied all, however silent it is', () => {
    const complete = { ...basis, missing: undefined, oldestAtMs: undefined };
    expect(lagOf({ applied: 10, silentMs: 99_999, basis: complete, spokeAtMs: 5_000 }, log, 99_999)).toEqual(NO_LAG);
    expect(lagOf({ applied: 10, silentMs: 0, basis, spokeAtMs: 5_000 }, log, 6_000)).toEqual(NO_LAG);
  });

  it('is the age of the oldest entry that it misses, as of its report while it speaks', () => {
    expect(lagOf({ applied: 7, silentMs: 2_000, basis, spokeAtMs: 5_000 }, log, 7_000)).toEqual({
      entries: 3,
      ms: 1_000,
    });
  });

  it('follows the newest report of a replica that stands still, and the last look at one that moves', () => {
    const newer = { silentMs: 0, basis, spokeAtMs: 5_900 };
    expect(lagOf({ applied: 7, ...newer }, log, 6_000)).toEqual({ entries: 3, ms: 1_900 });
    expect(lagOf({ applied: 8, ...newer }, log, 6_000)).toEqual({ entries: 2, ms: 1_000 });
    const unheard = { ...basis, applied: 0, missing: 1, spokeAtMs: undefined };
    expect(lagOf({ applied: 8, ...newer, basis: unheard }, log, 6_000)).toEqual({ entries: 2, ms: 0 });
  });

  it('grows by the clock once it is silent', () => {
    expect(lagOf({ applied: 7, silentMs: 2_001, basis, spokeAtMs: 5_000 }, log, 7_001)).toEqual({
      entries: 3,
      ms: 3_001,
    });
    expect(lagOf({ applied: 7, silentMs: 60_000, basis, spokeAtMs: 5_000 }, log, 65_000)).toEqual({
      entries: 3,
      ms: 61_000,
    });
  });

  it('is none for an entry that was logged after the report of a replica that speaks', () => {
    const later = { ...basis, oldestAtMs: 5_001 };
    expect(lagOf({ applied: 7, silentMs: 999, basis: later, spokeAtMs: 5_000 }, log, 5_999)).toEqual(NO_LAG);
    expect(lagOf({ applied: 7, silentMs: 2_001, basis: later, spokeAtMs: 5_000 }, log, 7_001)).toEqual({
      entries: 3,
      ms: 2_000,
    });
  });

  it('of one that was never heard is the age of the oldest entry', () => {
    const unheard = { applied: 0, spokeAtMs: undefined, missing: 1, oldestAtMs: 1_000 };
    expect(lagOf({ applied: 0, silentMs: 0, basis: unheard, spokeAtMs: undefined }, log, 6_000)).toEqual({
      entries: 10,
      ms: 5_000,
    });
  });
});

describe('the oldest entry that a replica misses', () => {
  it('is the next one, or the first that the log still has', () => {
    expect(oldestMissing(0, log)).toBe(1);
    expect(oldestMissing(9, log)).toBe(10);
    expect(oldestMissing(10, log)).toBeUndefined();
    expect(oldestMissing(2, { ...log, firstSequence: 5 })).toBe(5);
    expect(oldestMissing(0, { firstSequence: 1, lastSequence: 0, bytes: 0 })).toBeUndefined();
  });
});
