import assert from 'node:assert/strict';
import { CodeSegment, type ScoredRow, type Wanted } from './code-segment.ts';
import { codeQuery, codeShape, type CodeQuery, type CodeShape } from './code-shape.ts';

/** Well below the 4 GiB that a WebAssembly memory can have. */
const SEGMENT_BYTES = 1024 * 1024 * 1024;

/**
 * Rows of codes of vectors, a quarter or a thirtieth of the vectors' size, that a scan ranks about as the vectors. Rows are
 * numbered 0 … count-1 without holes: removing one moves the last into its place.
 */
export class CodeRows {
  readonly #shape: CodeShape;
  readonly #segmentRows: number;
  readonly #segments: CodeSegment[] = [];
  #count = 0;

  /** `segmentRows` is for tests; a multiple of a block's rows is made of it. */
  constructor(options: Pick<CodeShape, 'type' | 'dimension' | 'metric'> & { readonly segmentRows?: number }) {
    this.#shape = codeShape(options);
    const { blockRows, rowBytes } = this.#shape;
    const rows = options.segmentRows ?? SEGMENT_BYTES / rowBytes;
    this.#segmentRows = Math.max(1, Math.floor(rows / blockRows)) * blockRows;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of a row. */
  get rowBytes(): number {
    return this.#shape.rowBytes;
  }

  /** All memory held. */
  get byteLength(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  /** Appends a row and answers its number. */
  push(vector: Float32Array): number {
    const row = this.#append();
    this.set(row, vector);
    return row;
  }

  set(row: number, vector: Float32Array): void {
    assert(row < this.#count);
    assert.equal(vector.length, this.#shape.dimension);
    this.#segmentOf(row).set(row % this.#segmentRows, vector);
  }

  /** Removes a row; answers the number of the row that moved into its place, or undefined when it was the last. */
  remove(row: number): number | undefined {
    assert(row < this.#count);
    const last = this.#count - 1;
    if (row !== last) this.#segmentOf(row).setRows(row % this.#segmentRows, this.read(last));
    this.#count = last;
    if (last > 0 && last % this.#segmentRows === 0) this.#segments.pop();
    return row === last ? undefined : last;
  }

  /** A view of a row's bytes, until the next change. */
  read(row: number): Uint8Array {
    const start = row % this.#segmentRows;
    return this.#segmentOf(row).rows(start, start + 1);
  }

  /** Appends a row as `read` gave it and answers its number. */
  pushRead(bytes: Uint8Array): number {
    assert.equal(bytes.length, this.#shape.rowBytes);
    const row = this.#append();
    this.#segmentOf(row).setRows(row % this.#segmentRows, bytes);
    return row;
  }

  queryOf(vector: Float32Array): CodeQuery {
    assert.equal(vector.length, this.#shape.dimension);
    const query = codeQuery(this.#shape, vector);
    // Rows are turned alike in all segments.
    this.#segments[0]?.sketch(query, vector);
    return query;
  }

  /**
   * Scans the block of rows that begins with row `start`, and answers those wanted and where the next block begins. A
   * score is about the dot product, or about twice it less the row's squared length: higher is nearer.
   */
  scan(query: CodeQuery, start: number, wanted: Wanted): { found: ScoredRow[]; next: number } {
    const within = start % this.#segmentRows;
    const next = Math.min(this.#count, start + this.#shape.blockRows);
    const found = this.#segmentOf(start).scan(query, { start: within, end: within + next - start }, wanted);
    for (const each of found) each.row += start - within;
    return { found, next };
  }

  /** The score of a vector that is in no row, as it would be in one. */
  scoreOf(query: CodeQuery, vector: Float32Array): number {
    return this.#ensureSegment(0).scoreOf(query, vector);
  }

  #append(): number {
    const row = this.#count;
    this.#ensureSegment(Math.floor(row / this.#segmentRows)).reserve((row % this.#segmentRows) + 1);
    this.#count += 1;
    return row;
  }

  #ensureSegment(number: number): CodeSegment {
    assert(number <= this.#segments.length);
    return (this.#segments[number] ??= new CodeSegment(this.#shape));
  }

  #segmentOf(row: number): CodeSegment {
    const segment = this.#segments[Math.floor(row / this.#segmentRows)];
    assert(segment, 'the row is there');
    return segment;
  }
}
