import { CodeSketch } from './code-sketch.ts';
import { bitQueryBytes, squaredLengthOf, type BitQuery, type CodeQuery, type CodeShape } from './code-shape.ts';
import { kernelsOver, type Kernels } from './kernels.ts';
import { RowLook, type CodedQuery } from './row-look.ts';

const PAGE_BYTES = 65_536;
/** Memory grows by a sixteenth, at most by this: little is ever held in vain, and growing is rare. */
const GROWTH_PAGES_MAX = 256;
const GROWTH_SHARE = 1 / 16;
const FLOAT_MAX = 3.402_823_466_385_288_6e38;

/** Where more of a block's rows than this share are left after a look at their sketches, that look was in vain. */
const SKETCHED_SHARE_MAX = 0.25;

/**
 * Which rows of a block a scan visits: the `k` best (with all that tie for the last place) of those from `floor` up. `likely`:
 * a few of these may be left out, for a scan that takes half the time or less.
 */
export type Wanted = { readonly k: number; readonly floor: number; readonly likely?: boolean };
/** How far off its score may be is certain for int8 codes; of bits nothing is. */
export type ScoredRow = { row: number; readonly score: number; readonly slop: number };

/**
 * Rows of codes in one WebAssembly memory, which holds, in this order: a vector to be encoded, what the kernels need (for bits the
 * query, the heap, the scores and the found row numbers of a block), a row apart, and the rows.
 */
export class CodeSegment {
  readonly #shape: CodeShape;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #kernels: Kernels;
  /** Of int8 codes, all rows of a block listed. */
  readonly #look: RowLook | undefined;
  readonly #sketch: CodeSketch | undefined;
  readonly #everyRow: Uint32Array;
  readonly #at: {
    readonly query: number;
    readonly heap: number;
    readonly scores: number;
    readonly found: number;
    readonly apart: number;
    readonly rows: number;
  };
  /** Over the whole memory; made anew when it grows, which detaches them. */
  #bytes = new Uint8Array();
  #floats = new Float32Array();
  #ints = new Int32Array();

  constructor(shape: CodeShape) {
    this.#shape = shape;
    this.#kernels = kernelsOver(this.#memory);
    const { type, dimension, metric, blockRows } = shape;
    const block = pad(blockRows * 4);
    const query = pad(shape.components * 4);
    const heap = query + pad(bitQueryBytes(shape));
    const size = { dimension, metric, kMax: blockRows, rowsMax: blockRows };
    const apart = type === 'int8' ? query + pad(RowLook.bytes(size)) : heap + block * 3;
    this.#at = { query, heap, scores: heap + block, found: heap + block * 2, apart, rows: apart + pad(shape.rowBytes) };
    if (type === 'int8') this.#look = new RowLook({ kernels: this.#kernels, memory: this.#memory, start: query }, size);
    if (type === 'int8' && CodeSketch.fits(dimension)) this.#sketch = new CodeSketch(shape);
    this.reserve(0);
    this.#everyRow = Uint32Array.from({ length: blockRows }, (_, row) => row);
    this.#look?.list(this.#everyRow);
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength + (this.#sketch?.byteLength ?? 0);
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    this.#sketch?.reserve(rows);
    const pages = this.#memory.buffer.byteLength / PAGE_BYTES;
    const missing = Math.ceil((this.#at.rows + rows * this.#shape.rowBytes) / PAGE_BYTES) - pages;
    if (missing > 0) {
      this.#memory.grow(Math.max(missing, Math.min(GROWTH_PAGES_MAX, Math.floor(pages * GROWTH_SHARE))));
    } else if (this.#bytes.length > 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
    this.#look?.refresh();
  }

  set(row: number, vector: Float32Array): void {
    this.#encode(vector, this.#addressOf(row));
    this.#sketch?.set(row, vector);
  }

  /** A view of the rows' bytes, until the next change. */
  rows(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(this.#addressOf(start), this.#addressOf(end));
  }

  /** Rows as `rows` gave them. */
  setRows(start: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#addressOf(start));
    const end = start + bytes.length / this.#shape.rowBytes;
    for (let row = start; row < end; row++) this.#sketch?.set(row, this.#decoded(row));
  }

  /** About the vector of a row of int8 codes. */
  #decoded(row: number): Float32Array {
    const { dimension, headerBytes } = this.#shape;
    const address = this.#addressOf(row);
    const codes = new Int8Array(this.#memory.buffer, address + headerBytes, dimension);
    const scale = this.#floats[address / 4] ?? 0;
    const vector = new Float32Array(dimension);
    for (let i = 0; i < dimension; i++) vector[i] = (codes[i] ?? 0) * scale;
    return vector;
  }

  /** The score of a vector that is in no row, as it would be in one. */
  scoreOf(query: CodeQuery, vector: Float32Array): number {
    this.#encode(vector, this.#at.apart);
    const [found] = this.#scan(query, { address: this.#at.apart, count: 1 }, { k: 1, floor: -Infinity });
    return found?.score ?? NaN;
  }

  /** Visits rows of a block, in the order of their numbers. */
  scan(query: CodeQuery, rows: { start: number; end: number }, wanted: Wanted): ScoredRow[] {
    const block = { address: this.#addressOf(rows.start), count: rows.end - rows.start };
    const listed = this.#sketched(query, rows, wanted);
    if (listed !== undefined) this.#look?.list(listed);
    const found = this.#scan(query, listed === undefined ? block : { ...block, count: listed.length }, wanted);
    for (const each of found) each.row = (listed?.[each.row] ?? each.row) + rows.start;
    if (listed !== undefined) this.#look?.list(this.#everyRow);
    return found;
  }

  /** Those of a block whose sketches say that they may reach the floor; undefined for all. */
  #sketched(
    query: CodeQuery,
    rows: { start: number; end: number },
    { floor, likely }: Wanted,
  ): Uint32Array | undefined {
    if (likely !== true || floor === -Infinity || query.type !== 'int8' || query.sketched === undefined)
      return undefined;
    const listed = this.#sketch?.select(query.sketched, rows, floor);
    if (listed !== undefined && listed.length <= (rows.end - rows.start) * SKETCHED_SHARE_MAX) return listed;
    // So it will be in the next block too: its rows are all about as near.
    delete query.sketched;
    return undefined;
  }

  /** To be called once for a query, by the segment that it begins with. */
  sketch(query: CodeQuery, vector: Float32Array): void {
    if (query.type === 'int8' && this.#sketch !== undefined) query.sketched = this.#sketch.queryOf(vector);
  }

  /** Other searches have their turn between two blocks, so each block brings its query along. */
  #scan(query: CodeQuery, block: Block, wanted: Wanted): ScoredRow[] {
    return query.type === 'int8' ? this.#lookAt(query.coded, block, wanted) : this.#scanBits(query.bits, block, wanted);
  }

  #lookAt(query: CodedQuery, { address, count }: Block, { k, floor }: Wanted): ScoredRow[] {
    const look = this.#look;
    if (look === undefined || k < 1) return [];
    // A heap that is full of the floor lets nothing below it through; where all above it are wanted, nothing enters it.
    const all = k >= count;
    const size = all ? 1 : k;
    const heap = { scores: new Float64Array(size).fill(floor), size };
    look.begin(query, heap, false);
    const kept = look.look(address, count, !all);
    look.end(heap);
    const last = heap.scores[0] ?? floor;
    const found: ScoredRow[] = [];
    for (let i = 0; i < kept; i++) {
      const score = look.score(i);
      if (score >= last) found.push({ row: look.place(i), score, slop: look.slop(i) });
    }
    return found;
  }

  #scanBits(query: BitQuery, { address, count }: Block, { k, floor }: Wanted): ScoredRow[] {
    const { scores, found, heap } = this.#at;
    const scan = this.#shape.metric === 'dot' ? this.#kernels.scanBits : this.#kernels.scanBitsDistance;
    this.#bytes.set(query.codes, this.#at.query);
    scan(address, this.#at.query, scores, count, this.#shape.codeBytes, query.factor);
    let selected = this.#kernels.selectFrom(scores, found, count, floor);
    if (selected > k) selected = this.#kernels.selectTop(scores, found, heap, count, k);
    return Array.from({ length: selected }, (_, i) => {
      const row = this.#ints[found / 4 + i] ?? 0;
      return { row, score: this.#floats[scores / 4 + row] ?? NaN, slop: Infinity };
    });
  }

  #encode(vector: Float32Array, address: number): void {
    const { type, metric, headerBytes, codeBytes } = this.#shape;
    this.#floats.set(vector);
    if (type === 'int8') return this.#kernels.encodeRow(0, address, codeBytes);
    const squared = squaredLengthOf(vector);
    this.#kernels.encodeBits(0, address + headerBytes, codeBytes);
    this.#floats[address / 4] = Math.min(FLOAT_MAX, Math.sqrt(squared));
    if (metric === 'squared_l2') this.#floats[address / 4 + 1] = Math.min(FLOAT_MAX, squared);
  }

  #addressOf(row: number): number {
    return this.#at.rows + row * this.#shape.rowBytes;
  }
}

type Block = { readonly address: number; readonly count: number };

function pad(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
