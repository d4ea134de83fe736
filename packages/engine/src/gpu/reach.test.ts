import { describe, expect, it } from '@jest/globals';
import { withinReach } from './reach.ts';

/** As the device makes them. */
function keyOf(score: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(score).buffer);
  return (bits >= 0x8000_0000 ? ~bits : bits | 0x8000_0000) >>> 0;
}

function rowsWithin(
  scores: readonly number[],
  ranking: Omit<Parameters<typeof withinReach>[1], 'dimension'>,
): number[] {
  const answer = { rows: Uint32Array.from(scores.keys()), keys: Uint32Array.from(scores, keyOf) };
  return withinReach(answer, { ...ranking, dimension: 256 });
}

describe('the rows that may be among the k best', () => {
  it('are those that single precision cannot tell from the k-th', () => {
    const scores = [0.2, 0.899_999, 0.9, -0.5, 0.95, 0.899];
    expect(rowsWithin(scores, { k: 2, metric: 'cosine', lengths: 1 })).toEqual([1, 2, 4]);
    expect(rowsWithin(scores, { k: 6, metric: 'cosine', lengths: 1 })).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are more for longer vectors', () => {
    const scores = [0.2, 0.899_999, 0.9, -0.5, 0.95, 0.899];
    expect(rowsWithin(scores, { k: 2, metric: 'dot', lengths: 1_000 })).toEqual([1, 2, 4, 5]);
  });

  it('are relative to the distance by euclidean', () => {
    expect(rowsWithin([-1e-6, -2e-6, -1, -1.000_001, -1.1], { k: 1, metric: 'euclidean', lengths: 1 })).toEqual([0]);
    expect(rowsWithin([-1e-6, -2e-6, -1, -1.000_001, -1.1], { k: 3, metric: 'euclidean', lengths: 1 })).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it('are all of them when there are fewer than k, or the k-th is not a number', () => {
    expect(rowsWithin([0.5, 0.1], { k: 3, metric: 'cosine', lengths: 1 })).toEqual([0, 1]);
    expect(rowsWithin([Infinity, NaN, 0.1], { k: 1, metric: 'dot', lengths: 1 })).toEqual([0, 1, 2]);
  });
});
