import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@vectorizer/testing';
import { CodeTable } from './code-table.ts';

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const lengthOf = (a: Float32Array): number => Math.sqrt(dot(a, a));

describe('a code table', () => {
  it.each([1, 3, 16, 17, 256, 768, 20_000])(
    'bounds dot products of %d dimensions from above, narrowly',
    (dimension) => {
      const random = seededRandom(dimension);
      const table = new CodeTable(dimension);
      const count = dimension > 1_000 ? 5 : 200;
      const rows = Array.from({ length: count }, (_, i) =>
        Float32Array.from(random.vector(dimension), (x) => (i % 7 === 0 ? x * 1e18 : x)),
      );
      for (const [row, vector] of rows.entries()) expect(table.set(row, vector)).toBe(true);
      const rewritten = Float32Array.from(random.vector(dimension));
      rows[3] = rewritten;
      table.set(3, rewritten);
      const query = random.vector(dimension);
      const asked = Uint32Array.from(rows.keys()).toReversed();
      const bounds = new Float64Array(count);
      table.bound(table.code(query), asked, { bounds, start: 0, end: count });
      const [low, high] = [Array<number>(), Array<number>()];
      for (const [i, row] of asked.entries()) {
        const vector = rows[row] ?? new Float32Array();
        const over = ((bounds[i] ?? NaN) - dot(vector, query)) / (lengthOf(vector) * lengthOf(query));
        low.push(over);
        high.push(over);
      }
      expect(Math.min(...low)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...high)).toBeLessThan(0.05);
    },
  );

  it('bounds equal, opposite, zero and constant rows, where codes are largest', () => {
    const table = new CodeTable(768);
    const ones = new Float32Array(768).fill(1);
    const rows = [ones, ones.map((x) => -x), new Float32Array(768), ones.map(() => 1e-44), ones.map(() => 3e38)];
    for (const [row, vector] of rows.entries()) table.set(row, vector);
    const bounds = new Float64Array(rows.length);
    table.bound(table.code(ones), Uint32Array.from(rows.keys()), { bounds, start: 0, end: rows.length });
    for (const [row, vector] of rows.entries()) {
      const exact = dot(vector, ones);
      expect(bounds[row]).toBeGreaterThanOrEqual(exact);
      expect(bounds[row]).toBeLessThanOrEqual(exact + 0.02 * lengthOf(vector) * lengthOf(ones));
    }
  });
});
