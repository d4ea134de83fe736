import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@vectorizer/testing';
import { CodeRows } from './code-rows.ts';
import type { CodeType } from './code-shape.ts';
import type { RowMetric } from './row-buffer.ts';

type Ranked = { readonly row: number; readonly score: number };

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const bounded = (score: number): number => Math.fround(Math.max(-FLOAT_MAX, Math.min(FLOAT_MAX, score)));
const FLOAT_MAX = 3.402_823_466_385_288_6e38;

/** What the codes of a row and a query stand for, multiplied in plain JavaScript. */
const dots: Record<CodeType, (row: Float32Array, query: Float32Array) => number> = {
  int8: (row, query) => {
    const scale = Math.fround(Math.max(...row.map(Math.abs)) / 127);
    const codes = Array.from(row, (x) => (scale === 0 ? 0 : Math.fround(x / scale)));
    return dot(codes.map(roundHalfToEven), query) * scale;
  },
  binary: (row, query) => {
    const most = Math.max(...query.map(Math.abs));
    const codes = Array.from(query, (x) => (most === 0 ? 0 : Math.round((x / most) * 31)));
    const signs = Array.from(row, (x) => (x > 0 ? 1 : -1));
    return dot(codes, signs) * (most / 31) * Math.sqrt(dot(row, row)) * Math.sqrt(Math.PI / 2 / row.length);
  },
};

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function expected(type: CodeType, metric: RowMetric, [row, query]: [Float32Array, Float32Array]): number {
  const product = dots[type](row, query);
  return bounded(metric === 'dot' ? product : 2 * product - dot(row, row));
}

/** All rows with their scores. */
function scoreAll(rows: CodeRows, vector: Float32Array): Ranked[] {
  const query = rows.queryOf(vector);
  const all: Ranked[] = [];
  for (let start = 0; start < rows.count;) {
    const { found, next } = rows.scan(query, start, { k: Infinity, floor: -Infinity });
    all.push(...found.map(({ row, score }) => ({ row, score })));
    start = next;
  }
  return all;
}

const types: CodeType[] = ['int8', 'binary'];
const metrics: RowMetric[] = ['dot', 'squared_l2'];
const kinds = types.flatMap((type) => metrics.map((metric) => ({ type, metric })));

describe.each(kinds)('rows of $type codes by $metric', ({ type, metric }) => {
  it('scores what the codes stand for like plain JavaScript, for every dimension around the unrolled loops', () => {
    const random = seededRandom(1);
    for (const dimension of [...Array.from({ length: 35 }, (_, i) => i + 1), 63, 64, 65, 127, 128, 129, 256, 769]) {
      const rows = new CodeRows({ type, dimension, metric });
      const vectors = Array.from({ length: 30 }, () => random.vector(dimension));
      vectors.push(new Float32Array(dimension));
      for (const vector of vectors) rows.push(vector);
      const query = random.vector(dimension);
      const scores = scoreAll(rows, query);
      expect(scores.map(({ row }) => row)).toEqual(vectors.map((_, row) => row));
      const size = 1 + Math.abs(dot(query, query)) + dimension;
      for (const [row, vector] of vectors.entries()) {
        const wanted = expected(type, metric, [vector, query]);
        // The query's own codes are 14 bits wide, or 6.
        assert(Math.abs((scores[row]?.score ?? NaN) - wanted) / size < 1e-4);
        assert.equal(rows.scoreOf(rows.queryOf(query), vector), scores[row]?.score);
      }
    }
  });

  it('ranks vectors of any size, and loses none to an infinity', () => {
    for (const size of [1e-44, 1e-38, 1e-20, 1, 1e18, 3e38]) {
      const rows = new CodeRows({ type, dimension: 3, metric });
      rows.push(Float32Array.of(-size, -size, -size));
      rows.push(Float32Array.of(size, size, size));
      rows.push(Float32Array.of(0, 0, 0));
      const scores = scoreAll(rows, Float32Array.of(size, size, size));
      expect(scores).toHaveLength(3);
      expect(scores.every(({ score }) => Number.isFinite(score))).toBe(true);
      if (size < 1e-20 || size > 1e18) continue;
      const order = scores.toSorted((a, b) => b.score - a.score).map(({ row }) => row);
      expect(order).toEqual([1, 2, 0]);
    }
  });

  it('scores the longest of vectors, whose sums need more than 32 bits', () => {
    const dimension = 65_536;
    const rows = new CodeRows({ type, dimension, metric });
    rows.push(new Float32Array(dimension).fill(1));
    rows.push(new Float32Array(dimension).fill(-1));
    const product = type === 'int8' ? 1 : Math.sqrt(Math.PI / 2);
    const signs = metric === 'dot' ? [product, -product] : [2 * product - 1, -2 * product - 1];
    const scores = scoreAll(rows, new Float32Array(dimension).fill(1));
    for (const [row, { score }] of scores.entries()) expect(score / dimension).toBeCloseTo(signs[row] ?? NaN, 4);
  });

  it('finds the best of any number of rows, over segments that come and go', () => {
    const random = seededRandom(2);
    const dimension = 9;
    const rows = new CodeRows({ type, dimension, metric, segmentRows: 1 });
    const model: Float32Array[] = [];
    for (let i = 0; i < 10_000; i++) {
      const vector = random.vector(dimension);
      model.push(vector);
      assert.equal(rows.push(vector), i);
    }
    const held = rows.byteLength;
    const check = (): void => {
      const vector = random.vector(dimension);
      const query = rows.queryOf(vector);
      const all = scoreAll(rows, vector);
      assert(all.length === model.length && all.every(({ row }, i) => row === i));
      for (const row of [0, model.length >> 1, model.length - 1])
        expect(all[row]?.score).toBe(rows.scoreOf(query, model[row] ?? vector));
      for (let start = 0; start < rows.count;) {
        const { found, next } = rows.scan(query, start, { k: 7, floor: -1 });
        const best = all
          .slice(start, next)
          .filter(({ score }) => score >= -1)
          .toSorted((a, b) => b.score - a.score);
        const last = best[6]?.score ?? -Infinity;
        expect(found.map(({ row, score }) => ({ row, score }))).toEqual(
          best.filter(({ score }) => score >= last).toSorted((a, b) => a.row - b.row),
        );
        start = next;
      }
    };
    check();
    for (let i = 0; i < 9_000; i++) {
      const row = random.int(model.length);
      const moved = model.length - 1;
      assert.equal(rows.remove(row), row === moved ? undefined : moved);
      model[row] = model[moved] ?? new Float32Array();
      model.length = moved;
      const other = random.int(model.length);
      model[other] = random.vector(dimension);
      rows.set(other, model[other]);
    }
    check();
    expect(rows.byteLength).toBeLessThan(held);
    const copy = new CodeRows({ type, dimension, metric });
    for (let row = 0; row < rows.count; row++) copy.pushRead(rows.read(row));
    const query = random.vector(dimension);
    expect(scoreAll(copy, query)).toEqual(scoreAll(rows, query));
  });
});

describe('rows of codes', () => {
  it.each([
    ['int8', 'dot', 272, 44],
    ['int8', 'squared_l2', 272, 44],
    ['binary', 'dot', 36, 0],
    ['binary', 'squared_l2', 40, 0],
  ] as const)(
    'of type %s by %s take %i bytes at 256 dimensions, and %i for a sketch, and a sixteenth more at most',
    (...[type, metric, bytes, sketchBytes]) => {
      const rows = new CodeRows({ type, dimension: 256, metric });
      for (let i = 0; i < 50_000; i++) rows.push(new Float32Array(256));
      expect(rows.rowBytes).toBe(bytes);
      expect(rows.byteLength).toBeLessThan((bytes + sketchBytes) * 50_000 * 1.07 + 2 * 65_536);
    },
  );
});
