import { describe, expect, it } from '@jest/globals';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import { CodeRows } from './code-rows.ts';
import { CodeSketch } from './code-sketch.ts';
import type { RowMetric } from './row-buffer.ts';

const ROWS = 1_000;
const QUERIES = 10;
const WANTED = 20;
const BLOCK_ROWS = 512;

const vectors: Record<string, (random: SeededRandom, dimension: number) => Float32Array> = {
  'in all directions': (random, dimension) => random.vector(dimension),
  'of one sign': (random, dimension) => random.vector(dimension).map((x) => 1 + Math.abs(x)),
  'in few components': (random, dimension) => {
    const vector = new Float32Array(dimension);
    for (let i = 0; i < 4; i++) vector[random.int(dimension)] = random.gaussian();
    return vector;
  },
  'of all lengths': (random, dimension) => {
    const length = Math.exp(random.gaussian());
    return random.vector(dimension).map((x) => x * length);
  },
};
const cases = Object.keys(vectors).flatMap((kind) =>
  (['dot', 'squared_l2'] as const).map((metric) => ({ kind, metric })),
);

function valueOf(metric: RowMetric, row: Float32Array, query: Float32Array): number {
  let [dot, square] = [0, 0];
  for (let i = 0; i < row.length; i++) {
    dot += (row[i] ?? 0) * (query[i] ?? 0);
    square += (row[i] ?? 0) ** 2;
  }
  return metric === 'dot' ? dot : 2 * dot - square;
}

/** Rows that are left for the score of the best ones, and of those best ones. */
function select(sketch: CodeSketch, query: Float32Array, floor: number): Set<number> {
  const sketched = sketch.queryOf(query);
  const left = new Set<number>();
  for (let start = 0; start < ROWS; start += BLOCK_ROWS) {
    const end = Math.min(ROWS, start + BLOCK_ROWS);
    for (const row of sketch.select(sketched, { start, end }, floor)) left.add(start + row);
  }
  return left;
}

describe.each(cases)('sketches of vectors $kind by $metric', ({ kind, metric }) => {
  it.each([32, 100, 256])('leave nearly all of the best rows, at %d dimensions', (dimension) => {
    const random = seededRandom(dimension);
    const make = (): Float32Array => vectors[kind]?.(random, dimension) ?? new Float32Array();
    const rows = Array.from({ length: ROWS }, make);
    const sketch = new CodeSketch({ dimension, metric, blockRows: BLOCK_ROWS });
    sketch.reserve(ROWS);
    for (const [row, vector] of rows.entries()) sketch.set(row, vector);
    let kept = 0;
    for (let i = 0; i < QUERIES; i++) {
      const query = make();
      const values = rows.map((row) => valueOf(metric, row, query));
      const best = [...rows.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0)).slice(0, WANTED);
      const left = select(sketch, query, values[best.at(-1) ?? 0] ?? 0);
      kept += best.filter((row) => left.has(row)).length;
    }
    expect(kept / QUERIES / WANTED).toBeGreaterThan(0.97);
  });
});

describe('sketches', () => {
  it('leave few of many rows', () => {
    const random = seededRandom(1);
    const query = random.vector(256);
    const sketch = new CodeSketch({ dimension: 256, metric: 'dot', blockRows: BLOCK_ROWS });
    sketch.reserve(ROWS);
    for (let row = 0; row < ROWS; row++) sketch.set(row, random.vector(256));
    sketch.set(77, query);
    const left = select(sketch, query, valueOf('dot', query, query));
    expect(left).toContain(77);
    expect(left.size).toBeLessThan(20);
  });

  it('leave every row of which single precision knows nothing', () => {
    const sketch = new CodeSketch({ dimension: 32, metric: 'dot', blockRows: BLOCK_ROWS });
    sketch.reserve(64);
    const query = new Float32Array(32).fill(1);
    sketch.set(0, new Float32Array(32));
    sketch.set(1, new Float32Array(32).fill(3e38));
    sketch.set(2, new Float32Array(32).fill(-1));
    expect([...sketch.select(sketch.queryOf(query), { start: 0, end: 3 }, 10)]).toEqual([0, 1]);
  });

  it('follow their rows when these are overwritten, removed and read from a file', () => {
    const random = seededRandom(2);
    const [dimension, count] = [64, 5_000];
    const [rows, copy] = [
      new CodeRows({ type: 'int8', dimension, metric: 'dot' }),
      new CodeRows({ type: 'int8', dimension, metric: 'dot' }),
    ];
    for (let i = 0; i < count; i++) rows.push(random.vector(dimension));
    for (let i = 0; i < 500; i++) rows.set(random.int(count), random.vector(dimension));
    for (let i = 0; i < 500; i++) rows.remove(random.int(rows.count));
    const query = random.vector(dimension);
    rows.set(rows.count - 7, query);
    for (let row = 0; row < rows.count; row++) copy.pushRead(rows.read(row));
    for (const each of [rows, copy]) {
      const best = { k: 40, floor: -Infinity };
      const found: { readonly row: number; readonly score: number }[] = [];
      const coded = each.queryOf(query);
      for (let start = 0; start < each.count;) {
        const scanned = each.scan(coded, start, { ...best, likely: true });
        found.push(...scanned.found);
        found.sort((a, b) => b.score - a.score);
        best.floor = found[best.k - 1]?.score ?? -Infinity;
        start = scanned.next;
      }
      expect(found[0]?.row).toBe(rows.count - 7);
      const sure = allOf(each, query).slice(0, best.k);
      const rowsFound = new Set(found.slice(0, best.k).map(({ row }) => row));
      expect(sure.filter(({ row }) => rowsFound.has(row)).length).toBeGreaterThanOrEqual(best.k - 2);
    }
  });
});

function allOf(rows: CodeRows, vector: Float32Array): { row: number; score: number }[] {
  const query = rows.queryOf(vector);
  const all: { row: number; score: number }[] = [];
  for (let start = 0; start < rows.count;) {
    const { found, next } = rows.scan(query, start, { k: Infinity, floor: -Infinity });
    all.push(...found);
    start = next;
  }
  return all.toSorted((a, b) => b.score - a.score);
}
