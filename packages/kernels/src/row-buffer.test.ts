import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@vectorizer/testing';
import { RowBuffer, type RowMetric } from './row-buffer.ts';

const MAX_VALUE = 2 ** 127 * (2 - 2 ** -23);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const minusSquaredL2 = (a: Float32Array, b: Float32Array): number =>
  -a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0);
const reference = { dot, squared_l2: minusSquaredL2 };

function top(buffer: RowBuffer, query: Float32Array, k: number): { row: number; score: number }[] {
  const found: { row: number; score: number }[] = [];
  buffer.search(query, k, (row, score) => found.push({ row, score }));
  return found.toSorted((a, b) => b.score - a.score || a.row - b.row);
}

describe.each<RowMetric>(['dot', 'squared_l2'])('a row buffer by %s', (metric) => {
  const dimensions = [...Array.from({ length: 70 }, (_, i) => i + 1), 256, 768];

  it('scores like plain JavaScript, for every dimension around its unrolled loops', () => {
    const random = seededRandom(1);
    for (const dimension of dimensions) {
      const buffer = new RowBuffer({ dimension, metric, capacity: 100, kMax: 10 });
      const rows = Array.from({ length: 90 }, () => random.vector(dimension));
      for (const row of rows) buffer.push(row);
      const query = random.vector(dimension);
      const scores = buffer.scoreAll(query);
      const worst = Math.max(...rows.map((row, i) => Math.abs((scores[i] ?? NaN) - reference[metric](row, query))));
      expect(worst).toBeLessThan(1e-3);
    }
  });

  it('finds the k best of any number of rows', () => {
    const random = seededRandom(2);
    for (const [rows, k] of [
      [1, 1],
      [5, 10],
      [10, 10],
      [11, 10],
      [1_000, 10],
      [1_000, 1],
      [300, 299],
    ] as const) {
      const buffer = new RowBuffer({ dimension: 6, metric, capacity: 1_000, kMax: 300 });
      for (let i = 0; i < rows; i++) buffer.push(random.vector(6));
      const query = random.vector(6);
      const wanted = Array.from(buffer.scoreAll(query))
        .map((score, row) => ({ row, score }))
        .toSorted((a, b) => b.score - a.score)
        .slice(0, k);
      expect(top(buffer, query, k)).toEqual(wanted);
    }
  });
});

describe('a row buffer', () => {
  it('answers all that tie for the last place', () => {
    const buffer = new RowBuffer({ dimension: 1, metric: 'dot', capacity: 10, kMax: 10 });
    for (const x of [1, 3, 1, 2, 1]) buffer.push(Float32Array.of(x));
    expect(top(buffer, Float32Array.of(1), 3).map(({ row }) => row)).toEqual([1, 3, 0, 2, 4]);
  });

  it.each<RowMetric>(['dot', 'squared_l2'])(
    'loses no row to scores beyond single precision, by %s (regression)',
    (metric) => {
      const huge = 3e38;
      const buffer = new RowBuffer({ dimension: 2, metric, capacity: 10, kMax: 10 });
      const rows = [
        [huge, -huge],
        [-huge, -huge],
        [huge, huge],
        [-huge, huge],
        [1, 1],
      ];
      for (const row of rows) buffer.push(Float32Array.from(row));
      const query = Float32Array.of(10, 10);
      const scores = [...buffer.scoreAll(query)];
      expect(scores.every((score) => Number.isFinite(score))).toBe(true);
      expect(top(buffer, query, 10)).toHaveLength(5);
      const [first, second] = top(buffer, query, 2);
      expect([first?.row, second?.row]).toEqual(metric === 'dot' ? [2, 4] : [4, 0]);
      expect(first?.score).toBe(metric === 'dot' ? MAX_VALUE : -162);
      expect(second?.score).toBe(metric === 'dot' ? 20 : -MAX_VALUE);
    },
  );

  it('keeps its rows when it grows, is overwritten and loses rows', () => {
    const buffer = new RowBuffer({ dimension: 3, metric: 'dot', capacity: 1_000, kMax: 10 });
    for (let i = 0; i < 1_000; i++) expect(buffer.push(Float32Array.of(i, 1, 0))).toBe(i);
    expect(() => buffer.push(Float32Array.of(0, 0, 0))).toThrow('full');
    buffer.set(500, Float32Array.of(-1, -2, -3));
    expect(buffer.get(500)).toEqual(Float32Array.of(-1, -2, -3));
    expect(buffer.remove(10)).toBe(999);
    expect(buffer.get(10)).toEqual(Float32Array.of(999, 1, 0));
    expect(buffer.remove(998)).toBeUndefined();
    expect(buffer.count).toBe(998);
    expect(top(buffer, Float32Array.of(1, 0, 0), 2).map(({ row }) => row)).toEqual([10, 997]);
  });
});
