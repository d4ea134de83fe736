import { USAGE, type GpuDevice } from './gpu-device.ts';

/** Of the first allocation; each growth doubles a segment. */
const SEGMENT_BYTES_INITIAL = 256 * 1024;
/** What a device must be able to bind, at least; larger ones gain nothing by more. */
const SEGMENT_BYTES_MAX = 128 * 1024 * 1024;
/** Changes that wait on the processor; more of them are handed over at once. */
const STAGED_BYTES_MAX = 4 * 1024 * 1024;
const MOVES_MAX = 4_096;
const ROW_USAGE = USAGE.storage | USAGE.copySource | USAGE.copyTarget;

export type Segment = { readonly buffer: GPUBuffer; readonly rows: number };

/**
 * The vectors of one index on the device, row after row in segments of bounded size. Changes are collected and handed
 * over together by `flush`; work that is submitted afterwards sees them, work that was submitted before does not.
 */
export class RowSegments {
  /** Vec4s of a row. */
  readonly width: number;
  readonly #device: GpuDevice;
  readonly #onFailure: (reason: string) => void;
  readonly #segmentRows: number;
  readonly #initialRows: number;
  readonly #segments: Segment[] = [];
  readonly #staged = new Map<number, Float32Array>();
  #moves: [from: number, to: number][] = [];
  #scratch: GPUBuffer | undefined;
  #travelling = 0;

  constructor(options: {
    readonly device: GpuDevice;
    readonly dimension: number;
    /** There is no memory for the vectors. */
    readonly onFailure: (reason: string) => void;
    readonly segmentBytes?: { readonly initial: number; readonly max: number } | undefined;
  }) {
    this.#device = options.device;
    this.#onFailure = options.onFailure;
    this.width = Math.ceil(options.dimension / 4);
    const { maxStorageBufferBindingSize, maxBufferSize } = options.device.device.limits;
    const { initial, max } = options.segmentBytes ?? {
      initial: SEGMENT_BYTES_INITIAL,
      max: Math.min(SEGMENT_BYTES_MAX, maxStorageBufferBindingSize, maxBufferSize),
    };
    this.#segmentRows = Math.max(1, Math.floor(max / this.#rowBytes));
    this.#initialRows = Math.min(this.#segmentRows, Math.max(1, Math.floor(initial / this.#rowBytes)));
  }

  /** Changed rows that have not been handed over. */
  get staged(): number {
    return this.#staged.size;
  }

  /** Changed rows that are not on the device yet. */
  get waiting(): number {
    return this.#staged.size + this.#travelling;
  }

  set(row: number, vector: Float32Array): void {
    this.#makeRoom(row);
    this.#staged.set(row, vector);
    this.#boundStaged();
  }

  /** The last row takes the place of another. */
  move(from: number, to: number): void {
    const vector = this.#staged.get(from);
    this.#staged.delete(from);
    this.#staged.delete(to);
    if (vector === undefined) this.#moves.push([from, to]);
    else this.#staged.set(to, vector);
    this.#boundStaged();
  }

  /** The last row is gone. */
  drop(row: number): void {
    this.#staged.delete(row);
  }

  /** The segments that hold the first `count` rows, and how many each holds. */
  *parts(count: number): Generator<{ readonly buffer: GPUBuffer; readonly base: number; readonly count: number }> {
    for (const [i, { buffer }] of this.#segments.entries()) {
      const base = i * this.#segmentRows;
      if (base >= count) return;
      yield { buffer, base, count: Math.min(count - base, this.#segmentRows) };
    }
  }

  /** What waits is handed over. Moves come first: what was written later than a move to or from its row is staged. */
  flush(): void {
    if (this.#moves.length > 0 || this.#staged.size > 0) this.#device.watch(() => this.#flush(), this.#onFailure);
  }

  destroy(): void {
    for (const { buffer } of this.#segments) buffer.destroy();
    this.#scratch?.destroy();
    this.#segments.length = 0;
    this.#staged.clear();
    this.#moves = [];
  }

  #flush(): void {
    if (this.#moves.length > 0) this.#submitMoves();
    const rows = [...this.#staged.keys()].toSorted((a, b) => a - b);
    for (let first = 0; first < rows.length;) {
      let next = first + 1;
      while (next < rows.length && this.#follows(rows[next - 1] ?? 0, rows[next] ?? 0)) next += 1;
      this.#write(rows.slice(first, next));
      first = next;
    }
    this.#sent(rows.length);
    this.#staged.clear();
  }

  #sent(rows: number): void {
    const { queue } = this.#device.device;
    queue.submit([]);
    this.#travelling += rows;
    const arrived = (): void => void (this.#travelling -= rows);
    queue.onSubmittedWorkDone().then(arrived, arrived);
  }

  get #rowBytes(): number {
    return this.width * 16;
  }

  #follows(row: number, next: number): boolean {
    return next === row + 1 && next % this.#segmentRows !== 0;
  }

  #place(row: number): { readonly buffer: GPUBuffer; readonly offset: number } {
    const segment = this.#segments[Math.floor(row / this.#segmentRows)];
    if (segment === undefined) throw new Error('a row is in a segment');
    return { buffer: segment.buffer, offset: (row % this.#segmentRows) * this.#rowBytes };
  }

  #write(rows: readonly number[]): void {
    const packed = new Float32Array(rows.length * this.width * 4);
    for (const [i, row] of rows.entries()) packed.set(this.#staged.get(row) ?? [], i * this.width * 4);
    const { buffer, offset } = this.#place(rows[0] ?? 0);
    this.#device.device.queue.writeBuffer(buffer, offset, packed);
  }

  /** By way of a scratch row, since a buffer is not copied to itself. */
  #submitMoves(): void {
    const { device } = this.#device;
    this.#scratch ??= this.#device.allocate(this.#rowBytes, ROW_USAGE, this.#onFailure);
    const encoder = device.createCommandEncoder();
    for (const [from, to] of this.#moves) {
      const [source, target] = [this.#place(from), this.#place(to)];
      encoder.copyBufferToBuffer(source.buffer, source.offset, this.#scratch, 0, this.#rowBytes);
      encoder.copyBufferToBuffer(this.#scratch, 0, target.buffer, target.offset, this.#rowBytes);
    }
    device.queue.submit([encoder.finish()]);
    this.#moves = [];
  }

  #boundStaged(): void {
    const full = this.#staged.size * this.#rowBytes >= STAGED_BYTES_MAX || this.#moves.length >= MOVES_MAX;
    if (full) this.flush();
  }

  #makeRoom(row: number): void {
    const [at, within] = [Math.floor(row / this.#segmentRows), row % this.#segmentRows];
    const old = this.#segments[at];
    if (old !== undefined && within < old.rows) return;
    const rows = Math.min(this.#segmentRows, old === undefined ? this.#initialRows : old.rows * 2);
    const buffer = this.#device.allocate(rows * this.#rowBytes, ROW_USAGE, this.#onFailure);
    this.#segments[at] = { buffer, rows };
    if (old === undefined) return;
    this.#device.watch(() => {
      const encoder = this.#device.device.createCommandEncoder();
      encoder.copyBufferToBuffer(old.buffer, 0, buffer, 0, old.rows * this.#rowBytes);
      this.#device.device.queue.submit([encoder.finish()]);
    }, this.#onFailure);
    old.buffer.destroy();
  }
}
