import assert from 'node:assert/strict';
import { kernelsOver, type Kernels } from './kernels.ts';

const PAGE_BYTES = 65_536;
/** What the memory of one instance can have; more codes than fit are done without. */
const PAGES_MAX = 65_536;
/** Rows that are computed in one call, whose numbers and sums have a fixed place in the memory. */
const CHUNK = 4_096;
const CODE_MAX = 127;
const QUERY_MAX = 32_767;
/** What rounding in double and single precision may add, by far, to a product of two lengths. */
const SLACK = 1e-6;

/** A query, coded once. */
export type CodedQuery = {
  readonly codes: Int16Array;
  readonly scale: number;
  readonly length: number;
  /** How far the coded query is from the query itself. */
  readonly error: number;
};

/**
 * Rows as int8 codes, a quarter of their size, found by number. Answers for any rows what their dot product with a
 * query is at most: how far each row is from its codes is known, so the bound is certain, and narrow. Whoever looks for
 * the best rows compares few rows exactly.
 */
export class CodeTable {
  readonly #dimension: number;
  readonly #stride: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX });
  readonly #kernels: Kernels;
  readonly #layout: { readonly query: 0; readonly rows: number; readonly sums: number; readonly codes: number };
  #bytes = new Int8Array();
  #room = 0;
  #scales = new Float32Array();
  #errors = new Float32Array();
  #lengths = new Float64Array();

  constructor(dimension: number) {
    this.#dimension = dimension;
    this.#stride = Math.ceil(dimension / 16) * 16;
    this.#kernels = kernelsOver(this.#memory);
    const rows = this.#stride * 2;
    this.#layout = { query: 0, rows, sums: rows + CHUNK * 4, codes: rows + CHUNK * 8 };
  }

  /** Writes a row; false when there is no memory for it. */
  set(row: number, vector: Float32Array): boolean {
    assert.equal(vector.length, this.#dimension);
    if (row >= this.#room && !this.#grow(row + 1)) return false;
    let [most, square] = [0, 0];
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i] ?? 0;
      most = Math.max(most, Math.abs(x));
      square += x * x;
    }
    const scale = Math.fround(most / CODE_MAX);
    const start = this.#layout.codes + row * this.#stride;
    let error = 0;
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i] ?? 0;
      const code = scale === 0 ? 0 : Math.max(-CODE_MAX, Math.min(CODE_MAX, Math.round(x / scale)));
      this.#bytes[start + i] = code;
      error += (x - code * scale) ** 2;
    }
    this.#scales[row] = scale;
    this.#errors[row] = Math.sqrt(error) * (1 + SLACK);
    this.#lengths[row] = Math.sqrt(square);
    return true;
  }

  code(query: Float32Array): CodedQuery {
    const max = Math.min(QUERY_MAX, Math.floor(0x7fff_ffff / (CODE_MAX * this.#stride)));
    const most = query.reduce((found, x) => Math.max(found, Math.abs(x)), 0);
    const scale = most / max;
    const codes = new Int16Array(this.#stride);
    let [error, square] = [0, 0];
    for (let i = 0; i < query.length; i++) {
      const x = query[i] ?? 0;
      const code = scale === 0 ? 0 : Math.round(x / scale);
      codes[i] = code;
      error += (x - code * scale) ** 2;
      square += x * x;
    }
    return { codes, scale, length: Math.sqrt(square), error: Math.sqrt(error) };
  }

  lengthOf(row: number): number {
    return this.#lengths[row] ?? 0;
  }

  /** Puts into `bounds`, for the rows from `start` to before `end` of the list, the most that their dot product can be. */
  bound(
    query: CodedQuery,
    rows: Uint32Array,
    { bounds, start, end }: { readonly bounds: Float64Array; readonly start: number; readonly end: number },
  ): void {
    const { query: at, rows: list, sums, codes } = this.#layout;
    new Int16Array(this.#memory.buffer).set(query.codes, at / 2);
    const results = new Int32Array(this.#memory.buffer, sums, CHUNK);
    for (let first = start; first < end; first += CHUNK) {
      const count = Math.min(CHUNK, end - first);
      new Uint32Array(this.#memory.buffer).set(rows.subarray(first, first + count), list / 4);
      this.#kernels.gatherInt8(codes, at, list, sums, count, this.#stride);
      for (let i = 0; i < count; i++) {
        const row = rows[first + i] ?? 0;
        const dot = (results[i] ?? 0) * query.scale * (this.#scales[row] ?? 0);
        const length = this.#lengths[row] ?? 0;
        const error = query.length * (this.#errors[row] ?? 0) + query.error * length;
        bounds[first + i] = dot + error + SLACK * query.length * length;
      }
    }
  }

  #grow(rows: number): boolean {
    const room = Math.max(rows, Math.ceil(this.#room * 1.5), 64);
    const bytes = this.#layout.codes + room * this.#stride;
    const missing = Math.ceil(bytes / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    try {
      if (missing > 0) this.#memory.grow(missing);
    } catch {
      // The caller does without: there is no more memory than there is.
      return false;
    }
    this.#room = room;
    this.#bytes = new Int8Array(this.#memory.buffer);
    this.#scales = resized(this.#scales, new Float32Array(room));
    this.#errors = resized(this.#errors, new Float32Array(room));
    this.#lengths = resized(this.#lengths, new Float64Array(room));
    return true;
  }
}

function resized<Numbers extends Float32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
