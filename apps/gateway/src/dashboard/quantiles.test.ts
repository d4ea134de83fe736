import { describe, expect, it } from '@jest/globals';
import { quantilesOf, sumOf } from './quantiles.ts';

const bounds = [0.001, 0.01, 0.1];

describe('quantiles', () => {
  it('lie within the bucket that the rank falls into, as far as the rank goes', () => {
    // Ranks 50, 95 and 99 of 100: half-way through the first bucket of 100 would be 50.
    const { p50, p95, p99 } = quantilesOf({ bounds, counts: [80, 18, 2, 0] }) ?? {};
    expect(p50).toBeCloseTo(0.625);
    expect(p95).toBeCloseTo(1 + 9 * (15 / 18));
    expect(p99).toBeCloseTo(10 + 90 * (1 / 2));
  });

  it('are the last bound when they are beyond it, and nothing when nothing was counted', () => {
    expect(quantilesOf({ bounds, counts: [0, 0, 0, 5] })).toEqual({ p50: 100, p95: 100, p99: 100 });
    expect(quantilesOf({ bounds, counts: [0, 0, 0, 0] })).toBeNull();
    expect(quantilesOf({ bounds: [], counts: [] })).toBeNull();
  });

  it('are over what several processes counted between two times', () => {
    const from = { bounds, counts: [10, 0, 0, 0] };
    const to = { bounds, counts: [12, 3, 0, 0] };
    const other = { bounds: [1], counts: [7, 7] };
    const silent = { bounds: [], counts: [] };
    const spans = [
      { from, to },
      { from, to },
      { from: other, to: other },
      { from: silent, to: silent },
      { from: undefined, to },
    ];
    expect(sumOf(spans)).toEqual({ bounds, counts: [4, 6, 0, 0] });
  });
});
