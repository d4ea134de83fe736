import { describe, expect, it } from '@jest/globals';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import { BestRows, type KeptRows } from './best-rows.ts';
import { CodeTable } from './code-table.ts';
import type { RowMetric } from './row-buffer.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};
const lengthOf = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));
const valueOf: Record<RowMetric, (row: Float32Array, query: Float32Array) => number> = {
  dot,
  squared_l2: (row, query) => 2 * dot(row, query) - dot(row, row),
};
const rounded = (x: number): number => {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(x);
};
const clamped = (x: number, most: number): number => Math.max(-most, Math.min(most, Math.round(x)));
const roundedUp = (x: number): number => (x === 0 ? 0 : Math.fround(x * (1 + 1e-6) + 1.5e-45));

/** The rows that are kept, in plain JavaScript, from what assembly/bounds.ts says of them. */
class PlainRows {
  readonly #metric: RowMetric;
  readonly #query: Float32Array;
  readonly #k: number;
  readonly #least: number[] = [];
  readonly #kept: { row: number; bound: number; counted: number }[] = [];

  constructor(metric: RowMetric, query: Float32Array, k: number) {
    this.#metric = metric;
    this.#query = query;
    this.#k = k;
  }

  look(row: number, vector: Float32Array, counted: boolean): void {
    const floor = this.#floor;
    const fine = bracket(vector, this.#query, this.#metric);
    if (fine.most < floor) return;
    this.#kept.push({ row, bound: fine.bound, counted: Number(counted) });
    if (!counted) return;
    this.#least.push(fine.least);
    this.#least.sort((a, b) => b - a);
    this.#least.length = Math.min(this.#k, this.#least.length);
  }

  kept(): KeptRows {
    const kept = this.#kept.filter(({ bound }) => bound >= this.#floor);
    return {
      rows: Uint32Array.from(kept, ({ row }) => row),
      bounds: Float64Array.from(kept, ({ bound }) => bound),
      counted: Uint8Array.from(kept, ({ counted }) => counted),
    };
  }

  get #floor(): number {
    return this.#least.length === this.#k ? (this.#least.at(-1) ?? 0) : -Infinity;
  }
}

type Bracket = { readonly most: number; readonly least: number; readonly bound: number };

function bracket(row: Float32Array, query: Float32Array, metric: RowMetric): Bracket {
  const scale = Math.fround(row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127);
  const codes = Array.from(row, (x) => (scale === 0 ? 0 : clamped(rounded(Math.fround(x / scale)), 127)));
  const error = roundedUp(lengthOf(Array.from(row, (x, i) => x - (codes[i] ?? 0) * scale)));
  const length = roundedUp(lengthOf(row));
  const step = query.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 63;
  const stepFine = step / 126;
  const first = Array.from(query, (x) => clamped(x / step, 63));
  const rest = Array.from(query, (x, i) => x - (first[i] ?? 0) * step);
  const second = rest.map((x) => clamped(x / stepFine, 63));
  const left = rest.map((x, i) => x - (second[i] ?? 0) * stepFine);
  const reach = length + error;
  const fixed = lengthOf(query) * (error + 1e-6 * reach);
  const product = dot(first, codes) * step * scale + dot(second, codes) * stepFine * scale;
  const slop = fixed + lengthOf(left) * reach;
  const square = length ** 2;
  const [score, spread] = metric === 'dot' ? [product, slop] : [2 * product - square, 2 * slop + square * 4e-6];
  return { most: score + spread, least: score - spread, bound: score + Math.fround(spread * (1 + 1e-6)) };
}

/** Rows of about the same length, with some that are twice as long among them. */
function randomRows(random: SeededRandom, count: number, dimension: number): Float32Array[] {
  return Array.from({ length: count }, (_, i) => random.vector(dimension).map((x) => (i % 7 === 0 ? x * 2 : x)));
}

function tableOf(rows: readonly Float32Array[], metric: RowMetric): CodeTable {
  const table = new CodeTable({ dimension: rows[0]?.length ?? 0, metric, kMax: 100 });
  expect(rows.every((vector, row) => table.set(row, vector))).toBe(true);
  return table;
}

/** Each row alone: nothing is ever pushed out. */
function boundsOf(table: CodeTable, query: Float32Array, rows: number): number[] {
  const coded = table.code(query);
  return Array.from({ length: rows }, (_, row) => {
    const best = new BestRows(table, coded, 1);
    best.look(Uint32Array.of(row), true);
    return best.kept().bounds[0] ?? NaN;
  });
}

const metrics: RowMetric[] = ['dot', 'squared_l2'];
const dimensions = [1, 15, 16, 17, 32, 33, 256, 769, 10_000];
const cases = metrics.flatMap((metric) => dimensions.map((dimension) => ({ metric, dimension })));

describe('a code table', () => {
  it.each(cases)('bounds $metric of $dimension dimensions from above, narrowly', ({ metric, dimension }) => {
    const random = seededRandom(dimension);
    const rows = randomRows(random, dimension > 1_000 ? 5 : 50, dimension);
    const table = tableOf(rows, metric);
    const rewritten = random.vector(dimension);
    rows[3] = rewritten;
    table.set(3, rewritten);
    const query = random.vector(dimension);
    const over = boundsOf(table, query, rows.length).map((bound, row) => {
      const vector = rows[row] ?? new Float32Array();
      const scale = lengthOf(vector) * Math.max(lengthOf(query), lengthOf(vector));
      return (bound - valueOf[metric](vector, query)) / scale;
    });
    expect(Math.min(...over)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...over)).toBeLessThan(0.05);
  });

  it.each(metrics)('bounds %s of extreme rows from above', (metric) => {
    const ones = new Float32Array(768).fill(1);
    const rows = [
      ones,
      ones.map((x) => -x),
      new Float32Array(768),
      ones.map(() => 1e-44),
      ones.map((x, i) => (i === 7 ? 1e18 : x)),
      ones.map(() => 3e38),
    ];
    const table = tableOf(rows, metric);
    for (const query of [ones, ones.map((x) => -x), ones.map((x, i) => (i === 3 ? -1e-30 : x * 1e20))]) {
      for (const [row, bound] of boundsOf(table, query, rows.length).entries())
        expect(bound).toBeGreaterThanOrEqual(valueOf[metric](rows[row] ?? ones, query));
    }
  });

  it.each(cases)('keeps what plain JavaScript keeps, by $metric of $dimension dimensions', ({ metric, dimension }) => {
    const random = seededRandom(dimension + 1);
    const rows = randomRows(random, dimension > 1_000 ? 5 : 150, dimension);
    const table = tableOf(rows, metric);
    for (const k of [1, 100]) {
      const query = random.vector(dimension);
      const [best, plain] = [new BestRows(table, table.code(query), k), new PlainRows(metric, query, k)];
      const placed = rows.map((_, row) => ({ row, place: random.uniform() }));
      const listed = Uint32Array.from(
        placed.toSorted((a, b) => a.place - b.place),
        ({ row }) => row,
      );
      const parts = [0, 3, Math.ceil(rows.length / 4), Math.ceil(rows.length / 2), rows.length];
      for (const [i, end] of parts.slice(1).entries()) {
        const part = listed.subarray(parts[i], end);
        best.look(part, i % 2 === 0);
        for (const row of part) plain.look(row, rows[row] ?? query, i % 2 === 0);
      }
      expect(best.kept()).toEqual(plain.kept());
    }
  });

  it.each(metrics)('keeps the best of rows and for queries of any size: %s', (metric) => {
    const random = seededRandom(11);
    const sizes = [1e-44, 1e-38, 1e-30, 1e-19, 1e-9, 1, 1e9, 1e17, 1e19, 1e30, 3e37];
    const sized = (size: number): Float32Array => random.vector(20).map((x) => x * size);
    for (const size of [...sizes, undefined]) {
      const rows = Array.from({ length: 90 }, () => sized(size ?? random.pick(sizes)));
      const table = tableOf(rows, metric);
      for (const query of sizes.map(sized)) {
        const best = new BestRows(table, table.code(query), 3);
        best.look(Uint32Array.from(rows.keys()), true);
        const values = rows.map((row) => valueOf[metric](row, query));
        const third = values.toSorted((a, b) => b - a)[2] ?? NaN;
        const wanted = [...rows.keys()].filter((row) => (values[row] ?? NaN) >= third);
        expect([...best.kept().rows]).toEqual(expect.arrayContaining(wanted));
      }
    }
  });

  it.each(metrics)('keeps the best of more rows than one call looks at, and few others: %s', (metric) => {
    const random = seededRandom(6);
    const rows = randomRows(random, 20_000, 32);
    const table = tableOf(rows, metric);
    const query = random.vector(32);
    // A search that has its turn in between changes nothing.
    const [best, other] = [query, random.vector(32)].map((each) => new BestRows(table, table.code(each), 10));
    const listed = Uint32Array.from(rows.keys());
    for (const [start, end] of [
      [0, 9_000],
      [9_000, 20_000],
    ] as const) {
      best?.look(listed.subarray(start, end), true);
      other?.look(listed.subarray(start, end), true);
    }
    const kept = [...(best?.kept().rows ?? [])];
    const ranked = rows
      .map((vector, row) => ({ row, value: valueOf[metric](vector, query) }))
      .toSorted((a, b) => b.value - a.value);
    expect(kept).toEqual(expect.arrayContaining(ranked.slice(0, 10).map(({ row }) => row)));
    expect(kept.length).toBeLessThan(60);
  });

  it.each(metrics)('leaves out few of the best where likely ones will do, and reads few others: %s', (metric) => {
    const random = seededRandom(7);
    // Of rows that lie far apart sketches are no help: those in between would have to be looked at as well.
    for (const { count, every, dimension, queries } of [
      { count: 30_000, every: 2, dimension: 64, queries: 20 },
      { count: 100_000, every: 8, dimension: 32, queries: 2 },
    ]) {
      const rows = randomRows(random, count, dimension);
      const table = tableOf(rows, metric);
      const listed = Uint32Array.from({ length: count / every }, (_, i) => i * every);
      let found = 0;
      for (let i = 0; i < queries; i++) {
        const query = random.vector(dimension);
        const best = new BestRows(table, table.code(query, { likely: true }), 10);
        best.look(listed.subarray(0, 101), true);
        best.look(listed.subarray(101), true);
        const kept = [...best.kept().rows];
        expect(kept.every((row) => row % every === 0)).toBe(true);
        expect(kept.length).toBeLessThan(100);
        const values = rows.map((vector) => valueOf[metric](vector, query));
        const ranked = [...listed].toSorted((x, y) => (values[y] ?? 0) - (values[x] ?? 0));
        found += ranked.slice(0, 10).filter((row) => kept.includes(row)).length;
      }
      expect(found / queries).toBeGreaterThan(9.75);
    }
  });
});
