import assert from 'node:assert/strict';
import { CodeSketch, GROUP_ROWS, type SketchQuery } from './code-sketch.ts';
import { kernelsOver, type Kernels } from './kernels.ts';
import type { RowMetric } from './row-buffer.ts';
import { CODED_HEADER_BYTES, codedQuery, codedStride, RowLook, type CodedQuery, type Heap } from './row-look.ts';

const PAGE_BYTES = 65_536;
/** What the memory of one instance can have; more codes than fit are done without. */
const PAGES_MAX = 65_536;
/** Rows that one call of the kernel looks at: some 30 µs at 256 dimensions. */
const CHUNK = 4_096;
/** Fewer rows are looked at sooner than a query is sketched. */
const SKETCHED_MIN = 12_288;
/** Of rows with sketches so many are looked at without them first: that tells what the others have to reach. */
const FIRST = 1_024;
/** Sketches are looked at in the order of rows, wanted or not: where fewer than one in so many is, their codes cost less. */
const SPARSE = 8;
/** Where more of the rows than this share are left after a look at their sketches, that look was in vain. */
const SKETCHED_SHARE_MAX = 0.25;
/** So often it is tried again. */
const IN_VAIN_MAX = 3;

/** `likely`: a few of the k best may be left out, for a look that reads a tenth of the memory. */
export type TableQuery = CodedQuery & {
  readonly vector: Float32Array;
  readonly likely: boolean;
  sketched?: SketchQuery;
  inVain: number;
};

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
  readonly #sketch: CodeSketch | undefined;
  readonly #listed = new Uint32Array(CHUNK);
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
    if (CodeSketch.fits(options.dimension)) this.#sketch = new CodeSketch({ ...options, blockRows: CHUNK });
    this.#start = start + Math.ceil(RowLook.bytes(size) / 16) * 16;
    assert(this.#grow(0), 'there is memory for a query');
  }

  /** All memory held. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength + (this.#sketch?.byteLength ?? 0);
  }

  /** Writes a row; false when there is no memory for it. */
  set(row: number, vector: Float32Array): boolean {
    assert.equal(vector.length, this.#dimension);
    if (row >= this.#room && !this.#grow(row + 1)) return false;
    this.#floats.set(vector);
    this.#kernels.encodeRow(0, this.#start + row * (CODED_HEADER_BYTES + this.#stride), this.#stride);
    this.#sketch?.set(row, vector);
    return true;
  }

  code(query: Float32Array, options: { readonly likely?: boolean } = {}): TableQuery {
    assert.equal(query.length, this.#dimension);
    return { ...codedQuery(query), vector: query, likely: options.likely === true, inVain: 0 };
  }

  /**
   * Looks at rows of the list, which ascends, and tells `visit` those that may be among the best, each with the most that it can score. The
   * rows that are `counted` are known to be wanted, and go into the heap, which has room for k.
   */
  look(
    query: TableQuery,
    { rows, heap, counted }: { readonly rows: Uint32Array; readonly heap: Heap; readonly counted: boolean },
    visit: (row: number, bound: number) => void,
  ): void {
    assert(heap.scores.length > 0 && heap.scores.length <= this.#kMax);
    this.#look.begin(query, heap, true);
    this.#sketchOf(query, rows);
    for (let first = 0; first < rows.length;) {
      const next = this.#partEnd(query, rows, first);
      const chunk = this.#likely(query, rows.subarray(first, next));
      first = next;
      this.#look.list(chunk);
      const found = this.#look.look(this.#start, chunk.length, counted);
      for (let i = 0; i < found; i++) visit(chunk[this.#look.place(i)] ?? 0, this.#look.score(i) + this.#look.slop(i));
    }
    this.#look.end(heap);
  }

  #sketchOf(query: TableQuery, rows: Uint32Array): void {
    if (!query.likely || query.sketched !== undefined || query.inVain === IN_VAIN_MAX) return;
    if (this.#sketch !== undefined && rows.length >= SKETCHED_MIN) query.sketched = this.#sketch.queryOf(query.vector);
  }

  /** A part is of a block of rows where their sketches are looked at, which are those of whole blocks. */
  #partEnd({ sketched }: TableQuery, rows: Uint32Array, first: number): number {
    const most = Math.min(rows.length, first + CHUNK);
    if (sketched === undefined) return most;
    if (this.#look.floor === -Infinity) return Math.min(most, first + FIRST);
    const blockEnd = (Math.floor((rows[first] ?? 0) / CHUNK) + 1) * CHUNK;
    let next = most;
    while ((rows[next - 1] ?? 0) >= blockEnd) next -= 1;
    return next;
  }

  /** Those of a part that may reach the floor, by their sketches where that is worth it. */
  #likely(query: TableQuery, part: Uint32Array): Uint32Array {
    const { floor } = this.#look;
    const { sketched } = query;
    if (sketched === undefined || this.#sketch === undefined || floor === -Infinity) return part;
    const [first = 0, last = 0] = [part[0], part.at(-1)];
    if (last - first >= part.length * SPARSE) return part;
    const start = Math.floor(first / GROUP_ROWS) * GROUP_ROWS;
    const selected = this.#sketch.select(sketched, { start, end: last + 1 }, floor);
    const count = intersect(part, selected, { start, into: this.#listed });
    if (count <= part.length * SKETCHED_SHARE_MAX) return this.#listed.subarray(0, count);
    // What these rows have now tells better what the next ones have to reach; unless all are about as near.
    query.inVain += 1;
    if (query.inVain === IN_VAIN_MAX) delete query.sketched;
    return part;
  }

  #grow(rows: number): boolean {
    const room = rows === 0 ? 0 : Math.max(rows, Math.ceil(this.#room * 1.5), 64);
    const bytes = this.#start + room * (CODED_HEADER_BYTES + this.#stride);
    const missing = Math.ceil(bytes / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    try {
      this.#sketch?.reserve(room);
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

/** Both ascend, and the numbers of the second count from `start`; answers how many there are in both. */
function intersect(
  rows: Uint32Array,
  numbers: Uint32Array,
  { start, into }: { readonly start: number; readonly into: Uint32Array },
): number {
  let [count, at] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const row = start + (numbers[i] ?? 0);
    while ((rows[at] ?? Infinity) < row) at += 1;
    if (rows[at] === row) into[count++] = row;
  }
  return count;
}
