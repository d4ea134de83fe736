import { describe, expect, it } from '@jest/globals';
import { oldestMissing } from './index.ts';

const log = { firstSequence: 1, lastSequence: 10 };

describe('the oldest entry that is missing', () => {
  it('is the next one, the first that is left of a log that was cut, or none', () => {
    expect(oldestMissing(0, log)).toBe(1);
    expect(oldestMissing(9, log)).toBe(10);
    expect(oldestMissing(10, log)).toBeUndefined();
    expect(oldestMissing(2, { ...log, firstSequence: 5 })).toBe(5);
    expect(oldestMissing(0, { firstSequence: 1, lastSequence: 0 })).toBeUndefined();
  });
});
