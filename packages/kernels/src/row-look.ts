import type { Kernels } from './kernels.ts';
import type { RowMetric } from './row-buffer.ts';

/** Scale, distance to the codes, length, sum of the codes; see assembly/bounds.ts. */
export const CODED_HEADER_BYTES = 16;
/** Of a query's codes, to which the kernel wants 64 added. */
const PLANE_MAX = 63;
const OFFSET = 64;
/** Where assembly/bounds.ts has the figures of a query, by numbers of their size. */
const FLOATS = ['length', 'step', 'error', 'stepFine', 'errorFine'] as const;
const AT = { certain: 5, k: 12, size: 13, heap: 14, kept: 15, planes: 16, distance: 17 } as const;
const QUERY_BYTES = 80;
const KEPT_BYTES = 16;

/** A query in the form that is compared with int8 codes. */
export type CodedQuery = {
  readonly planes: Uint8Array;
  readonly length: number;
  readonly step: number;
  /** How far the query is from its first plane, and from both. */
  readonly error: number;
  readonly stepFine: number;
  readonly errorFine: number;
};

/** The best scores of the rows looked at so far (or what those score at least), its lowest first. As long as k. */
export type Heap = { readonly scores: Float64Array; size: number };

/** Bytes that the codes of a row take. */
export function codedStride(dimension: number): number {
  return Math.ceil(dimension / 16) * 16;
}

export function codedQuery(query: Float32Array): CodedQuery {
  const stride = codedStride(query.length);
  let [most, square] = [0, 0];
  for (let i = 0; i < query.length; i++) {
    const x = query[i] ?? 0;
    most = Math.max(most, Math.abs(x));
    square += x * x;
  }
  // The second plane divides a step of the first, half of it to each side.
  const [step, stepFine] = [most / PLANE_MAX, most / PLANE_MAX / (2 * PLANE_MAX)];
  const planes = new Uint8Array(stride * 2);
  let [error, errorFine] = [0, 0];
  for (let i = 0; i < query.length; i++) {
    const x = query[i] ?? 0;
    const code = codeOf(x, step);
    const rest = x - code * step;
    const fine = codeOf(rest, stepFine);
    planes[i] = code + OFFSET;
    planes[stride + i] = fine + OFFSET;
    const left = rest - fine * stepFine;
    error += rest * rest;
    errorFine += left * left;
  }
  const errors = { error: Math.sqrt(error), errorFine: Math.sqrt(errorFine) };
  return { planes, step, stepFine, length: Math.sqrt(square), ...errors };
}

function codeOf(x: number, step: number): number {
  return step === 0 ? 0 : Math.max(-PLANE_MAX, Math.min(PLANE_MAX, Math.round(x / step)));
}

/** A part of a WebAssembly memory in which the kernel that looks at rows of int8 codes finds what it needs. */
export class RowLook {
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  readonly #stride: number;
  readonly #distance: number;
  readonly #at: { readonly query: number; readonly planes: number; heap: number; list: number; kept: number };
  /** Over the whole memory; made anew when it grows, which detaches them. */
  #bytes = new Uint8Array();
  #floats = new Float32Array();
  #doubles = new Float64Array();
  #ints = new Int32Array();

  static bytes({ dimension, kMax, rowsMax }: RowLookSize): number {
    return QUERY_BYTES + codedStride(dimension) * 2 + Math.ceil(kMax / 2) * 16 + (rowsMax + 3) * (4 + KEPT_BYTES);
  }

  /** `start` is a multiple of 16. */
  constructor(
    place: { readonly kernels: Kernels; readonly memory: WebAssembly.Memory; readonly start: number },
    size: RowLookSize & { readonly metric: RowMetric },
  ) {
    this.#kernels = place.kernels;
    this.#memory = place.memory;
    this.#stride = codedStride(size.dimension);
    this.#distance = Number(size.metric === 'squared_l2');
    const planes = place.start + QUERY_BYTES;
    const heap = planes + this.#stride * 2;
    const list = heap + Math.ceil(size.kMax / 2) * 16;
    this.#at = { query: place.start, planes, heap, list, kept: list + Math.ceil(size.rowsMax / 4) * 16 };
  }

  /** To be called when the memory has grown, and before anything else. */
  refresh(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#doubles = new Float64Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
  }

  /** `certain`: none of the k nearest may be lost; else rows rank by their codes alone. */
  begin(query: CodedQuery, heap: Heap, certain: boolean): void {
    const { query: start, planes } = this.#at;
    for (const [i, name] of FLOATS.entries()) this.#doubles[start / 8 + i] = query[name];
    this.#doubles[start / 8 + AT.certain] = Number(certain);
    const first = start / 4;
    this.#ints[first + AT.k] = heap.scores.length;
    this.#ints[first + AT.size] = heap.size;
    this.#ints[first + AT.heap] = this.#at.heap;
    this.#ints[first + AT.kept] = this.#at.kept;
    this.#ints[first + AT.planes] = planes;
    this.#ints[first + AT.distance] = this.#distance;
    this.#bytes.set(query.planes, planes);
    this.#doubles.set(heap.scores.subarray(0, heap.size), this.#at.heap / 8);
  }

  list(rows: Uint32Array): void {
    this.#ints.set(rows, this.#at.list / 4);
  }

  /** Looks at the first `count` rows of the list, numbered from the one at address `table`; answers how many it kept. */
  look(table: number, count: number, counted: boolean): number {
    return this.#kernels.boundRows(table, this.#at.list, count, this.#stride, this.#at.query, counted);
  }

  /** What a row has to reach to be one of the best so far, while it looks. */
  get floor(): number {
    const first = this.#at.query / 4;
    const isFull = this.#ints[first + AT.size] === this.#ints[first + AT.k];
    return isFull ? (this.#doubles[this.#at.heap / 8] ?? -Infinity) : -Infinity;
  }

  /** Where in the list a kept row is. */
  place(kept: number): number {
    return this.#ints[this.#at.kept / 4 + kept * 4 + 2] ?? 0;
  }

  /** By the codes. */
  score(kept: number): number {
    return this.#doubles[this.#at.kept / 8 + kept * 2] ?? NaN;
  }

  /** How far off the score may be. */
  slop(kept: number): number {
    return this.#floats[this.#at.kept / 4 + kept * 4 + 3] ?? NaN;
  }

  end(heap: Heap): void {
    heap.size = this.#ints[this.#at.query / 4 + AT.size] ?? 0;
    const start = this.#at.heap / 8;
    heap.scores.set(this.#doubles.subarray(start, start + heap.size));
  }
}

export type RowLookSize = {
  readonly dimension: number;
  /** The most that are asked of a search. */
  readonly kMax: number;
  /** The most rows that one call looks at. */
  readonly rowsMax: number;
};
