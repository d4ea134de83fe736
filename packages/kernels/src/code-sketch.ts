import assert from 'node:assert/strict';
import type { RowMetric } from './row-buffer.ts';
import { squaredLengthOf } from './code-shape.ts';
import { kernelsOver, type Kernels } from './kernels.ts';

const PAGE_BYTES = 65_536;
/** Rows of a group; see assembly/sketch.ts. */
export const GROUP_ROWS = 32;
/** Beyond it the 16 bits of a sum leave too few steps to each part. */
const DIMENSION_MAX = 4_096;
const SUM_MAX = 65_535;
/** How many times further than usual the score of a row may be off, so that it is left out: less than one in a hundred of those at the floor. */
const ERRORS = 2.4;
const QUERY_BYTES = 32;
/** Squared lengths beyond are not reckoned with. */
const SQUARED_MAX = 1e37;

/** A query as rows are looked at by their signs. */
export type SketchQuery = {
  readonly table: Uint8Array;
  readonly step: number;
  readonly bias: number;
  readonly error: number;
};

/** One bit for each component of rows turned at random, with which those that may reach a score are told from most others. */
export class CodeSketch {
  readonly #metric: RowMetric;
  /** Of a turned vector: a power of two. */
  readonly #size: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #kernels: Kernels;
  readonly #groupBytes: number;
  readonly #at: {
    readonly signs: number;
    readonly table: number;
    readonly query: number;
    readonly found: number;
    readonly groups: number;
  };
  #bytes = new Uint8Array();
  #floats = new Float32Array();
  #ints = new Int32Array();

  static fits(dimension: number): boolean {
    return dimension >= GROUP_ROWS && dimension <= DIMENSION_MAX;
  }

  constructor({
    dimension,
    metric,
    blockRows,
  }: {
    readonly dimension: number;
    readonly metric: RowMetric;
    readonly blockRows: number;
  }) {
    this.#metric = metric;
    this.#size = 2 ** Math.ceil(Math.log2(dimension));
    this.#kernels = kernelsOver(this.#memory);
    this.#groupBytes = this.#size * 4 + GROUP_ROWS * 12;
    const signs = this.#size * 4;
    const table = signs * 3;
    const query = table + signs;
    const found = query + QUERY_BYTES;
    this.#at = { signs, table, query, found, groups: found + blockRows * 4 };
    this.reserve(0);
    this.#floats.set(randomSigns(this.#size * 2), signs / 4);
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  reserve(rows: number): void {
    const pages = this.#memory.buffer.byteLength / PAGE_BYTES;
    const bytes = this.#at.groups + Math.ceil(rows / GROUP_ROWS) * this.#groupBytes;
    const missing = Math.ceil(bytes / PAGE_BYTES) - pages;
    if (missing > 0) this.#memory.grow(Math.max(missing, Math.floor(pages / 16)));
    else if (this.#bytes.length > 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
  }

  set(row: number, vector: Float32Array): void {
    const group = this.#at.groups + Math.floor(row / GROUP_ROWS) * this.#groupBytes;
    const place = row % GROUP_ROWS;
    this.#turn(vector);
    const sizes = this.#kernels.encodeSketch(0, group, place, this.#size);
    const squared = squaredLengthOf(vector);
    const share = sizes / this.#size ** 1.5 / Math.sqrt(squared);
    const error = Math.sqrt((squared * Math.max(0, 1 / share ** 2 - 1)) / (this.#size - 1));
    // The distance is ranked by twice the product, less the squared length.
    const times = this.#metric === 'dot' ? 1 : 2;
    const facts = (group + this.#size * 4) / 4 + place;
    // What is not known, of a row without a direction or of one too long for single precision, is no number.
    this.#floats[facts] = squared > 0 && squared < SQUARED_MAX ? (times * squared) / sizes : NaN;
    this.#floats[facts + GROUP_ROWS] = times * error;
    this.#floats[facts + GROUP_ROWS * 2] = this.#metric === 'dot' ? 0 : -squared;
  }

  queryOf(vector: Float32Array): SketchQuery {
    this.#turn(vector);
    const turned = this.#floats.subarray(0, this.#size);
    let [most, bias] = [0, 0];
    for (let i = 0; i < this.#size; i += 4) {
      const all = sizeOfFour(turned, i);
      most = Math.max(most, all);
      bias -= all;
    }
    const step = (2 * most) / Math.min(255, Math.floor((SUM_MAX * 4) / this.#size));
    const table = new Uint8Array(this.#size * 4);
    for (let i = 0; i < this.#size; i += 4)
      fillFour(table.subarray(i * 4, i * 4 + 16), turned.subarray(i, i + 4), step);
    return { table, step, bias, error: ERRORS * Math.sqrt(squaredLengthOf(vector)) };
  }

  /** The numbers, from `start`, of the rows that may reach the floor: nearly all that do, and others. A view until the next call. */
  select(query: SketchQuery, rows: { readonly start: number; readonly end: number }, floor: number): Uint32Array {
    assert(rows.start % GROUP_ROWS === 0);
    const { query: at, table, found, groups } = this.#at;
    this.#bytes.set(query.table, table);
    this.#floats.set([query.step, query.bias, query.error, floor], at / 4);
    this.#ints.set([table, found], at / 4 + 4);
    const first = groups + (rows.start / GROUP_ROWS) * this.#groupBytes;
    const count = this.#kernels.selectSketched(first, rows.end - rows.start, this.#size, at);
    return new Uint32Array(this.#memory.buffer, found, count);
  }

  #turn(vector: Float32Array): void {
    this.#floats.set(vector);
    this.#floats.fill(0, vector.length, this.#size);
    // Twice: once would leave what is in a few components in a few patterns.
    for (const round of [0, 1]) this.#kernels.turn(0, this.#at.signs * (1 + round), this.#size);
  }
}

function sizeOfFour(vector: Float32Array, start: number): number {
  let sum = 0;
  for (let i = start; i < start + 4; i++) sum += Math.abs(vector[i] ?? 0);
  return sum;
}

/** What the 16 combinations of signs of four components come to, from the least on, in steps. */
function fillFour(table: Uint8Array, four: Float32Array, step: number): void {
  const [a = 0, b = 0, c = 0, d = 0] = four;
  const all = sizeOfFour(four, 0);
  for (let bits = 0; bits < 16; bits++) {
    const sum = (bits & 1 ? a : -a) + (bits & 2 ? b : -b) + (bits & 4 ? c : -c) + (bits & 8 ? d : -d);
    table[bits] = step === 0 ? 0 : Math.round((all + sum) / step);
  }
}

/** The same in every process: a sketch of one is one of all. */
function randomSigns(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 1 ? 1 : -1;
  });
}
