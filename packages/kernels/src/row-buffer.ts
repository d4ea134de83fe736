import assert from 'node:assert/strict';
import { kernelsOver, type Kernels } from './kernels.ts';

export type RowMetric = 'dot' | 'squared_l2';

const PAGE_BYTES = 65_536;
const LANES = 4;
/** Rows that the first allocation has room for; each growth doubles it up to the capacity. */
const ROWS_INITIAL = 64;

/**
 * A contiguous buffer of float32 rows in WebAssembly memory, scanned exactly. Rows are numbered 0 … count-1 without
 * holes: removing one moves the last into its place. The memory holds, in this order: the query, the heap, the rows, the
 * scores, the found row numbers. The last two are of one search, so rows stay where they are when the memory grows.
 */
export class RowBuffer {
  readonly #dimension: number;
  readonly #stride: number;
  readonly #capacity: number;
  readonly #kMax: number;
  readonly #scan: Kernels['scanDot'];
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  #count = 0;
  #room = 0;
  #layout: { heap: number; scores: number; found: number; rows: number } = { heap: 0, scores: 0, found: 0, rows: 0 };
  /** Over the whole memory; made anew when the memory grows, which detaches it. */
  #floats = new Float32Array();
  #ints = new Int32Array();

  /** `capacity` rows at most, and at most `kMax` asked of a search. */
  constructor(options: {
    readonly dimension: number;
    readonly metric: RowMetric;
    readonly capacity: number;
    readonly kMax: number;
  }) {
    this.#dimension = options.dimension;
    this.#stride = Math.ceil(options.dimension / LANES) * LANES;
    this.#capacity = options.capacity;
    this.#kMax = options.kMax;
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.#kernels = kernelsOver(this.#memory);
    this.#scan = options.metric === 'dot' ? this.#kernels.scanDot : this.#kernels.scanSquaredL2;
    this.#grow(Math.min(ROWS_INITIAL, options.capacity));
  }

  get count(): number {
    return this.#count;
  }

  /** All memory held. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Appends a row and answers its number. */
  push(vector: Float32Array): number {
    assert(this.#count < this.#capacity, 'the row buffer is full');
    if (this.#count === this.#room) this.#grow(Math.min(this.#capacity, this.#room * 2));
    this.set(this.#count, vector);
    return this.#count++;
  }

  set(row: number, vector: Float32Array): void {
    assert.equal(vector.length, this.#dimension);
    const start = this.#floatOf(row);
    this.#floats.set(vector, start);
    // What is beyond the dimension must be zero, and scores may have been there.
    if (this.#stride > this.#dimension) this.#floats.fill(0, start + this.#dimension, start + this.#stride);
  }

  /** A copy. */
  get(row: number): Float32Array {
    assert(row < this.#count);
    const start = this.#floatOf(row);
    return this.#floats.slice(start, start + this.#dimension);
  }

  /** Removes a row; answers the number of the row that moved into its place, or undefined when it was the last. */
  remove(row: number): number | undefined {
    assert(row < this.#count);
    this.#count -= 1;
    if (row === this.#count) return undefined;
    const from = this.#floatOf(this.#count);
    this.#floats.copyWithin(this.#floatOf(row), from, from + this.#stride);
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * Calls `visit` with the k best rows, in no order; with more than k only where scores tie at the end. A score is
   * the dot product, or the negated squared distance: higher is nearer.
   */
  search(query: Float32Array, k: number, visit: (row: number, score: number) => void): void {
    assert(k <= this.#kMax);
    if (this.#count === 0) return;
    const { heap, scores, found, rows } = this.#layout;
    this.#floats.set(query, 0);
    this.#scan(rows, 0, scores, this.#count, this.#stride);
    const selected = this.#kernels.selectTop(scores, found, heap, this.#count, k);
    for (let i = 0; i < selected; i++) {
      const row = this.#ints[found / 4 + i] ?? 0;
      visit(row, this.#floats[scores / 4 + row] ?? NaN);
    }
  }

  /** The score of every row, in a view that the next call overwrites. */
  scoreAll(query: Float32Array): Float32Array {
    this.#floats.set(query, 0);
    this.#scan(this.#layout.rows, 0, this.#layout.scores, this.#count, this.#stride);
    return this.#floats.subarray(this.#layout.scores / 4, this.#layout.scores / 4 + this.#count);
  }

  #floatOf(row: number): number {
    return this.#layout.rows / 4 + row * this.#stride;
  }

  /** Makes room for `room` rows. Touches none of the memory, so that it is taken only as rows come, and no search waits. */
  #grow(room: number): void {
    const heap = this.#stride * 4;
    const rows = heap + pad(this.#kMax * 4);
    const scores = rows + room * this.#stride * 4;
    const found = scores + pad(room * 4);
    const missing = Math.ceil((found + pad(room * 4)) / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (missing > 0) this.#memory.grow(missing);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
    this.#layout = { heap, scores, found, rows };
    this.#room = room;
  }
}

/** Up to the next multiple of 16, which the kernels' loads want. */
function pad(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
