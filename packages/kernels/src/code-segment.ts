import { queryBytes, squaredLengthOf, type CodeQuery, type CodeShape } from './code-shape.ts';
import { kernelsOver, type Kernels } from './kernels.ts';

const PAGE_BYTES = 65_536;
/** Memory grows by a sixteenth, at most by this: little is ever held in vain, and growing is rare. */
const GROWTH_PAGES_MAX = 256;
const GROWTH_SHARE = 1 / 16;
const FLOAT_MAX = 3.402_823_466_385_288_6e38;

/** Which rows of a block a scan visits: the `k` best (with all that tie for the last place) of those from `floor` up. */
export type Wanted = { readonly k: number; readonly floor: number };

/**
 * Rows of codes in one WebAssembly memory, which holds, in this order: a vector to be encoded, the query, the heap, the
 * scores and the found row numbers of a block, a row apart, and the rows.
 */
export class CodeSegment {
  readonly #shape: CodeShape;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #kernels: Kernels;
  readonly #at: {
    readonly vector: number;
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
    const block = pad(shape.blockRows * 4);
    const query = pad(shape.components * 4);
    const heap = query + pad(queryBytes(shape));
    const [scores, found, apart] = [heap + block, heap + block * 2, heap + block * 3];
    this.#at = { vector: 0, query, heap, scores, found, apart, rows: apart + pad(shape.rowBytes) };
    this.reserve(0);
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    const pages = this.#memory.buffer.byteLength / PAGE_BYTES;
    const missing = Math.ceil((this.#at.rows + rows * this.#shape.rowBytes) / PAGE_BYTES) - pages;
    if (missing > 0) {
      this.#memory.grow(Math.max(missing, Math.min(GROWTH_PAGES_MAX, Math.floor(pages * GROWTH_SHARE))));
    } else if (this.#bytes.length > 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
  }

  set(row: number, vector: Float32Array): void {
    this.#encode(vector, this.#addressOf(row));
  }

  /** A view of the rows' bytes, until the next change. */
  rows(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(this.#addressOf(start), this.#addressOf(end));
  }

  /** Rows as `rows` gave them. */
  setRows(start: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#addressOf(start));
  }

  /** The score of a vector that is in no row, as it would be in one. */
  scoreOf(query: CodeQuery, vector: Float32Array): number {
    this.#encode(vector, this.#at.apart);
    this.#scan(query, this.#at.apart, 1);
    return this.#floats[this.#at.scores / 4] ?? NaN;
  }

  /** Visits rows of a block, in the order of their numbers. */
  scan(query: CodeQuery, rows: { start: number; end: number }, wanted: Wanted): { row: number; score: number }[] {
    const { scores, found, heap } = this.#at;
    const count = rows.end - rows.start;
    this.#scan(query, this.#addressOf(rows.start), count);
    let selected = this.#kernels.selectFrom(scores, found, count, wanted.floor);
    if (selected > wanted.k) selected = this.#kernels.selectTop(scores, found, heap, count, wanted.k);
    return Array.from({ length: selected }, (_, i) => {
      const row = this.#ints[found / 4 + i] ?? 0;
      return { row: rows.start + row, score: this.#floats[scores / 4 + row] ?? NaN };
    });
  }

  #encode(vector: Float32Array, address: number): void {
    const { type, metric, headerBytes, codeBytes } = this.#shape;
    this.#floats.set(vector, this.#at.vector / 4);
    const codes = address + headerBytes;
    const squared = type === 'binary' || metric === 'squared_l2' ? squaredLengthOf(vector) : 0;
    if (type === 'int8') {
      this.#floats[address / 4] = this.#kernels.encodeInt8(this.#at.vector, codes, codeBytes);
    } else {
      this.#kernels.encodeBits(this.#at.vector, codes, codeBytes);
      this.#floats[address / 4] = Math.min(FLOAT_MAX, Math.sqrt(squared));
    }
    if (metric === 'squared_l2') this.#floats[address / 4 + 1] = Math.min(FLOAT_MAX, squared);
  }

  /** Other searches have their turn between two blocks, so each block brings its query along. */
  #scan(query: CodeQuery, rows: number, count: number): void {
    const { type, metric, codeBytes } = this.#shape;
    const { scanInt8, scanInt8Distance, scanBits, scanBitsDistance } = this.#kernels;
    const scans = type === 'int8' ? ([scanInt8, scanInt8Distance] as const) : ([scanBits, scanBitsDistance] as const);
    this.#bytes.set(query.codes, this.#at.query);
    scans[metric === 'dot' ? 0 : 1](rows, this.#at.query, this.#at.scores, count, codeBytes, query.factor);
  }

  #addressOf(row: number): number {
    return this.#at.rows + row * this.#shape.rowBytes;
  }
}

function pad(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
