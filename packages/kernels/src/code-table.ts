import assert from 'node:assert/strict';
import { kernelsOver, type Kernels } from './kernels.ts';
import type { RowMetric } from './row-buffer.ts';
import { CODED_HEADER_BYTES, codedQuery, codedStride, RowLook, type CodedQuery, type Heap } from './row-look.ts';

const PAGE_BYTES = 65_536;
/** What the memory of one instance can have; more codes than fit are done without. */
const PAGES_MAX = 65_536;
/** Rows that one call of the kernel looks at: some 30 µs at 256 dimensions. */
const CHUNK = 4_096;

/**
 * Rows as int8 codes, a quarter of their size, found by number. How far each row is from its codes is known, so
 * what its dot product with a query (or twice that, less the row's squared length) is at most and at least is certain,
 * and close together. Whoever looks for the best rows compares few of them exactly; see BestRows.
 */
export class CodeTable {
  readonly #dimension: number;
  readonly #kMax: number;
  readonly #stride: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX });
  readonly #kernels: Kernels;
  readonly #look: RowLook;
  /** Of the first row; before it are a vector to be coded and what the kernel needs. */
  readonly #start: number;
  #floats = new Float32Array();
  #room = 0;

  /** At most `kMax` are asked of a search. */
  constructor(options: { readonly dimension: number; readonly metric: RowMetric; readonly kMax: number }) {
    this.#dimension = options.dimension;
    this.#kMax = options.kMax;
    this.#stride = codedStride(options.dimension);
    this.#kernels = kernelsOver(this.#memory);
    const start = this.#stride * 4;
    const size = { ...options, rowsMax: CHUNK };
    this.#look = new RowLook({ kernels: this.#kernels, memory: this.#memory, start }, size);
    this.#start = start + Math.ceil(RowLook.bytes(size) / 16) * 16;
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
    this.#floats.set(vector);
    this.#kernels.encodeRow(0, this.#start + row * (CODED_HEADER_BYTES + this.#stride), this.#stride);
    return true;
  }

  code(query: Float32Array): CodedQuery {
    assert.equal(query.length, this.#dimension);
    return codedQuery(query);
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
    this.#look.begin(query, heap, true);
    for (let first = 0; first < rows.length; first += CHUNK) {
      const chunk = rows.subarray(first, first + CHUNK);
      this.#look.list(chunk);
      const found = this.#look.look(this.#start, chunk.length, counted);
      for (let i = 0; i < found; i++) visit(chunk[this.#look.place(i)] ?? 0, this.#look.score(i) + this.#look.slop(i));
    }
    this.#look.end(heap);
  }

  #grow(rows: number): boolean {
    const room = rows === 0 ? 0 : Math.max(rows, Math.ceil(this.#room * 1.5), 64);
    const bytes = this.#start + room * (CODED_HEADER_BYTES + this.#stride);
    const missing = Math.ceil(bytes / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    try {
      if (missing > 0) this.#memory.grow(missing);
    } catch {
      // The caller does without: there is no more memory than there is.
      return false;
    }
    this.#room = room;
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#look.refresh();
    return true;
  }
}
