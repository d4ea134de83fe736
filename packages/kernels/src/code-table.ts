import assert from 'node:assert/strict';
import { kernelsOver, type Kernels } from './kernels.ts';
import type { RowMetric } from './row-buffer.ts';

const PAGE_BYTES = 65_536;
/** What the memory of one instance can have; more codes than fit are done without. */
const PAGES_MAX = 65_536;
/** Rows that one call of the kernel looks at: some 20 µs at 256 dimensions. What it keeps has a fixed place in the memory. */
const CHUNK = 4_096;
const CODE_MAX = 127;
/** Of a query's codes, to which the kernel wants 64 added; see assembly/bounds.ts. */
const PLANE_MAX = 63;
const OFFSET = 64;
/** Scale, distance to the codes, length, sum of the codes. */
const HEADER_BYTES = 16;
/** Of the query's figures, as assembly/bounds.ts lays them out. */
const QUERY = {
  bytes: 64,
  floats: ['length', 'step', 'error', 'stepFine', 'errorFine'],
  ints: { k: 10, size: 11, heap: 12, kept: 13, planes: 14, distance: 15 },
} as const;
const KEPT_BYTES = 16;
/** What rounding a distance or a length to single precision may take off it: a share by far, and the smallest number. */
const ROUNDING = { share: 1e-6, least: 1.5e-45 } as const;

/** A query, coded once. */
export type CodedQuery = {
  readonly planes: Uint8Array;
  readonly length: number;
  readonly step: number;
  readonly error: number;
  readonly stepFine: number;
  readonly errorFine: number;
};

/** The best that the rows looked at so far score at least, as a heap with its lowest first. */
export type Heap = { readonly scores: Float64Array; size: number };

/**
 * Rows as int8 codes, a quarter of their size, found by number. How far each row is from its codes is known, so
 * what its dot product with a query (or twice that, less the row's squared length) is at most and at least is certain,
 * and close together. Whoever looks for the best rows compares few of them exactly; see BestRows.
 */
export class CodeTable {
  readonly #dimension: number;
  readonly #metric: RowMetric;
  readonly #kMax: number;
  readonly #stride: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX });
  readonly #kernels: Kernels;
  readonly #at: { readonly planes: number; readonly heap: number; list: number; kept: number; rows: number };
  /** Over the whole memory; made anew when it grows, which detaches them. */
  #bytes = new Int8Array();
  #floats = new Float32Array();
  #doubles = new Float64Array();
  #ints = new Int32Array();
  #room = 0;

  /** At most `kMax` are asked of a search. */
  constructor(options: { readonly dimension: number; readonly metric: RowMetric; readonly kMax: number }) {
    this.#dimension = options.dimension;
    this.#metric = options.metric;
    this.#kMax = options.kMax;
    this.#stride = Math.ceil(options.dimension / 16) * 16;
    this.#kernels = kernelsOver(this.#memory);
    const heap = QUERY.bytes + this.#stride * 2;
    const list = heap + Math.ceil(options.kMax / 2) * 16;
    const kept = list + CHUNK * 4;
    this.#at = { planes: QUERY.bytes, heap, list, kept, rows: kept + CHUNK * KEPT_BYTES };
    assert(this.#grow(0), 'there is memory for a query');
  }

  /** All memory held. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
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
    const start = this.#at.rows + row * (HEADER_BYTES + this.#stride);
    const codes = start + HEADER_BYTES;
    let [error, sum] = [0, 0];
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i] ?? 0;
      const code = scale === 0 ? 0 : Math.max(-CODE_MAX, Math.min(CODE_MAX, Math.round(x / scale)));
      this.#bytes[codes + i] = code;
      error += (x - code * scale) ** 2;
      sum += code;
    }
    const header = start / 4;
    this.#floats[header] = scale;
    this.#floats[header + 1] = roundedUp(Math.sqrt(error));
    this.#floats[header + 2] = roundedUp(Math.sqrt(square));
    this.#ints[header + 3] = sum;
    return true;
  }

  code(query: Float32Array): CodedQuery {
    assert.equal(query.length, this.#dimension);
    let [most, square] = [0, 0];
    for (let i = 0; i < query.length; i++) {
      const x = query[i] ?? 0;
      most = Math.max(most, Math.abs(x));
      square += x * x;
    }
    // The second plane divides a step of the first, half of it to each side.
    const [step, stepFine] = [most / PLANE_MAX, most / PLANE_MAX / (2 * PLANE_MAX)];
    const planes = new Uint8Array(this.#stride * 2);
    let [error, errorFine] = [0, 0];
    for (let i = 0; i < query.length; i++) {
      const x = query[i] ?? 0;
      const code = codeOf(x, step);
      const rest = x - code * step;
      const fine = codeOf(rest, stepFine);
      planes[i] = code + OFFSET;
      planes[this.#stride + i] = fine + OFFSET;
      error += rest ** 2;
      errorFine += (rest - fine * stepFine) ** 2;
    }
    const errors = { error: Math.sqrt(error), errorFine: Math.sqrt(errorFine) };
    return { planes, step, stepFine, length: Math.sqrt(square), ...errors };
  }

  /**
   * Looks at rows of the list, and tells `visit` those that may be among the best, each with the most that it can score. The
   * rows that are `counted` are known to be wanted, and go into the heap, which has room for k.
   */
  look(
    query: CodedQuery,
    { rows, heap, counted }: { readonly rows: Uint32Array; readonly heap: Heap; readonly counted: boolean },
    visit: (row: number, bound: number) => void,
  ): void {
    assert(heap.scores.length > 0 && heap.scores.length <= this.#kMax);
    this.#put(query, heap);
    const { list, kept, rows: table, heap: at } = this.#at;
    const size = QUERY.ints.size;
    for (let first = 0; first < rows.length; first += CHUNK) {
      const count = Math.min(CHUNK, rows.length - first);
      this.#ints.set(rows.subarray(first, first + count), list / 4);
      const found = this.#kernels.boundRows(table, list, count, this.#stride, 0, counted);
      for (let i = 0; i < found; i++) {
        const place = this.#ints[kept / 4 + i * 4 + 2] ?? 0;
        visit(rows[first + place] ?? 0, this.#doubles[kept / 8 + i * 2] ?? NaN);
      }
    }
    heap.size = this.#ints[size] ?? 0;
    heap.scores.set(this.#doubles.subarray(at / 8, at / 8 + heap.size));
  }

  #put(query: CodedQuery, heap: Heap): void {
    for (const [i, name] of QUERY.floats.entries()) this.#doubles[i] = query[name];
    const { ints } = QUERY;
    this.#ints[ints.k] = heap.scores.length;
    this.#ints[ints.size] = heap.size;
    this.#ints[ints.heap] = this.#at.heap;
    this.#ints[ints.kept] = this.#at.kept;
    this.#ints[ints.planes] = this.#at.planes;
    this.#ints[ints.distance] = Number(this.#metric === 'squared_l2');
    this.#bytes.set(query.planes, this.#at.planes);
    this.#doubles.set(heap.scores.subarray(0, heap.size), this.#at.heap / 8);
  }

  #grow(rows: number): boolean {
    const room = rows === 0 ? 0 : Math.max(rows, Math.ceil(this.#room * 1.5), 64);
    const bytes = this.#at.rows + room * (HEADER_BYTES + this.#stride);
    const missing = Math.ceil(bytes / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    try {
      if (missing > 0) this.#memory.grow(missing);
    } catch {
      // The caller does without: there is no more memory than there is.
      return false;
    }
    this.#room = room;
    this.#bytes = new Int8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#doubles = new Float64Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
    return true;
  }
}

function codeOf(x: number, step: number): number {
  return step === 0 ? 0 : Math.max(-PLANE_MAX, Math.min(PLANE_MAX, Math.round(x / step)));
}

/** So that in single precision it is no less than it was. */
function roundedUp(x: number): number {
  return x === 0 ? 0 : x * (1 + ROUNDING.share) + ROUNDING.least;
}
