import { RowBuffer } from '@vectorizer/kernels';
import { limits, type Metric } from '@vectorizer/contracts';
import { ROW_METRIC } from './metric.ts';

/** Scanned exactly by every search: 4,096 rows of 256 dimensions cost about 0.1 ms. */
const ROWS_MAX = 4_096;
/** High dimensions are bounded by bytes, for the same cost of a scan. */
const BYTES_MAX = 16 * 1024 * 1024;
/**
 * Beyond the usual, while a replica is behind or its saved graph lacks much: a scan takes about 27 µs for each thousand rows
 * of 256 dimensions.
 */
const BACKLOG_BYTES_MAX = 1024 * 1024 * 1024;

export type BufferOptions = {
  readonly dimension: number;
  readonly metric: Metric;
  readonly rowsMax?: number | undefined;
  readonly backlogRowsMax?: number | undefined;
};

/** The vectors that are not in the graph yet: rows of a contiguous buffer, each with its id and versions. */
export class DeltaBuffer {
  readonly #rows: RowBuffer;
  readonly #ids: string[] = [];
  readonly #versions: number[] = [];
  readonly #pointVersions: number[] = [];
  readonly #touched: number[] = [];
  /** Memory is taken as rows come. */
  readonly capacity: number;
  /** What searches are quick with. */
  readonly usualCapacity: number;

  constructor(options: BufferOptions) {
    const byBytes = Math.floor(BYTES_MAX / (options.dimension * 4));
    this.usualCapacity = Math.max(1, Math.min(options.rowsMax ?? ROWS_MAX, byBytes));
    const backlog = options.backlogRowsMax ?? Math.floor(BACKLOG_BYTES_MAX / (options.dimension * 4));
    this.capacity = this.usualCapacity + backlog;
    this.#rows = new RowBuffer({
      dimension: options.dimension,
      metric: ROW_METRIC[options.metric],
      capacity: this.capacity,
      kMax: limits.kMax,
    });
  }

  get count(): number {
    return this.#rows.count;
  }

  get byteLength(): number {
    return this.#rows.byteLength;
  }

  push(id: string, vector: Float32Array, stamp: { readonly version: number; readonly now: number }): number {
    const row = this.#rows.push(vector);
    this.#ids[row] = id;
    this.#versions[row] = stamp.version;
    this.#pointVersions[row] = stamp.version;
    this.#touched[row] = stamp.now;
    return row;
  }

  overwrite(row: number, vector: Float32Array, stamp: { readonly version: number; readonly now: number }): void {
    this.#rows.set(row, vector);
    this.#versions[row] = stamp.version;
    this.#pointVersions[row] = stamp.version;
    this.#touched[row] = stamp.now;
  }

  idOf(row: number): string {
    return this.#ids[row] ?? '';
  }

  versionOf(row: number): number {
    return this.#versions[row] ?? 0;
  }

  pointVersionOf(row: number): number {
    return this.#pointVersions[row] ?? 0;
  }

  /** The row's point has this version now; its vector is as it was. */
  touch(row: number, pointVersion: number): void {
    this.#pointVersions[row] = pointVersion;
  }

  /** When the row was last written. */
  touchedAt(row: number): number {
    return this.#touched[row] ?? 0;
  }

  vectorOf(row: number): Float32Array {
    return this.#rows.get(row);
  }

  /** Appends all rows to another buffer, in their order. */
  copyTo(other: DeltaBuffer): void {
    for (let row = 0; row < this.count; row++) {
      const copy = other.push(this.idOf(row), this.vectorOf(row), {
        version: this.versionOf(row),
        now: this.touchedAt(row),
      });
      other.touch(copy, this.pointVersionOf(row));
    }
  }

  /** Removes a row; answers the id whose row is now this one, or undefined when the last row was removed. */
  remove(row: number): string | undefined {
    const moved = this.#rows.remove(row);
    const [id, touched] = [this.#ids.pop(), this.#touched.pop()];
    const [version, pointVersion] = [this.#versions.pop(), this.#pointVersions.pop()];
    if (moved === undefined || id === undefined) return undefined;
    this.#ids[row] = id;
    this.#versions[row] = version ?? 0;
    this.#pointVersions[row] = pointVersion ?? 0;
    this.#touched[row] = touched ?? 0;
    return id;
  }

  /** At least the k best rows, with the kernel's value. A search with a filter may look at more than anybody is answered. */
  search(query: Float32Array, k: number, visit: RowVisit): void {
    if (k > limits.kMax) return this.scan(query, visit);
    this.#rows.search(query, k, (row, value) => visit(this.#ids[row] ?? '', value, this.pointVersionOf(row)));
  }

  /** Every row with the kernel's value. */
  scan(query: Float32Array, visit: RowVisit): void {
    const values = this.#rows.scoreAll(query);
    for (let row = 0; row < values.length; row++)
      visit(this.#ids[row] ?? '', values[row] ?? NaN, this.pointVersionOf(row));
  }
}

type RowVisit = (id: string, value: number, pointVersion: number) => void;
