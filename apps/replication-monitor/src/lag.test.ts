import { describe, expect, it } from '@jest/globals';
import { lagOf, NO_LAG, type LagBasis } from './lag.ts';

const log = { firstSequence: 1, lastSequence: 10, bytes: 0, clockAheadMs: 0 };
const basis: LagBasis = { spokeAtMs: 5_000, missing: 8, oldestAtMs: 4_000 };

describe('the lag of a replica', () => {
  it('is none when it has applied all, however silent it is', () => {
    const complete = { ...basis, missing: undefined, oldestAtMs: undefined };
    expect(
      lagOf({ applied: 10, everyMs: 1_000, silentMs: 99_999, basis: complete, spokeAtMs: 5_000 }, log, 99_999),
    ).toEqual(NO_LAG);
    expect(lagOf({ applied: 10, everyMs: 1_000, silentMs: 0, basis, spokeAtMs: 5_000 }, log, 6_000)).toEqual(NO_LAG);
  });

  it('is the age of the oldest entry that it misses, as of its report while it speaks', () => {
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 2_000, basis, spokeAtMs: 5_000 }, log, 7_000)).toEqual({
      entries: 3,
      ms: 1_000,
    });
  });

  it('follows the newest report of a replica that stands still, and the last look at one that moves', () => {
    const newer = { everyMs: 1_000, silentMs: 0, basis, spokeAtMs: 5_900 };
    expect(lagOf({ applied: 7, ...newer }, log, 6_000)).toEqual({ entries: 3, ms: 1_900 });
    expect(lagOf({ applied: 8, ...newer }, log, 6_000)).toEqual({ entries: 2, ms: 1_000 });
    const unheard = { ...basis, missing: 1, spokeAtMs: undefined };
    expect(lagOf({ applied: 8, ...newer, basis: unheard }, log, 6_000)).toEqual({ entries: 2, ms: 0 });
  });

  it('grows by the clock once it is silent', () => {
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 2_001, basis, spokeAtMs: 5_000 }, log, 7_001)).toEqual({
      entries: 3,
      ms: 3_001,
    });
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 60_000, basis, spokeAtMs: 5_000 }, log, 65_000)).toEqual({
      entries: 3,
      ms: 61_000,
    });
  });

  it('has no age for an entry that was logged after the report of a replica that speaks', () => {
    const later = { ...basis, oldestAtMs: 5_001 };
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 999, basis: later, spokeAtMs: 5_000 }, log, 5_999)).toEqual({
      entries: 3,
      ms: 0,
    });
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 2_001, basis: later, spokeAtMs: 5_000 }, log, 7_001)).toEqual({
      entries: 3,
      ms: 2_000,
    });
  });

  it.each([3_600_000, -3_600_000])('is the same when the clock of the log server is %i ms ahead', (clockAheadMs) => {
    const skewed = { ...log, clockAheadMs };
    const stamped = { ...basis, oldestAtMs: 4_000 + clockAheadMs };
    const replica = { applied: 7, basis: stamped, spokeAtMs: 5_000 };
    expect(lagOf({ ...replica, everyMs: 1_000, silentMs: 0 }, skewed, 5_000)).toEqual({ entries: 3, ms: 1_000 });
    expect(lagOf({ ...replica, everyMs: 1_000, silentMs: 9_000 }, skewed, 14_000)).toEqual({ entries: 3, ms: 10_000 });
  });

  it('keeps its entries whatever a clock that was set back meanwhile makes of their age', () => {
    const ahead = { ...basis, oldestAtMs: 3_600_000 };
    expect(lagOf({ applied: 7, everyMs: 1_000, silentMs: 0, basis: ahead, spokeAtMs: 5_000 }, log, 5_000).entries).toBe(
      3,
    );
    expect(
      lagOf({ applied: 7, everyMs: 1_000, silentMs: 9_000, basis: ahead, spokeAtMs: 5_000 }, log, 14_000).entries,
    ).toBe(3);
  });

  it('of one that was never heard is the age of the oldest entry', () => {
    const unheard = { spokeAtMs: undefined, missing: 1, oldestAtMs: 1_000 };
    expect(
      lagOf({ applied: 0, everyMs: 1_000, silentMs: 0, basis: unheard, spokeAtMs: undefined }, log, 6_000),
    ).toEqual({
      entries: 10,
      ms: 5_000,
    });
  });
});

describe('the oldest entry that a replica misses', () => {});
