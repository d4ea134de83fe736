import assert from 'node:assert/strict';
import { lengthOf } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { indexed } from '../vector/metric.ts';
import type { IndexOptions, IndexStats, PointVersions, SearchOptions, Stamp } from '../vector/point-index.ts';
import type { Found } from '../vector/ranking.ts';
import { Batches } from './batches.ts';
import { rankExactly, scanExactly } from './exact-scan.ts';
import type { OpenGpu } from './gpu.ts';
import type { GpuAnswer, RowMask } from './gpu-search.ts';
import { withinReach } from './reach.ts';
import { RowSegments } from './row-segments.ts';
import { RowTable, type RowView } from './row-table.ts';

/** Asked for beyond k: the device ranks in single precision, and the best are ranked again in double. */
const MARGIN = 16;
/** With a filter the nearest are asked about first, which is enough unless it is a rare one. */
const NEAREST = 1_024;
/** Fewer matches are scored where they are. */
const FEW = 2_048;
/** Changes on their way to the device. */
const CHANGED_ROWS_MAX = 4_096;
const CHANGED_BYTES_MAX = 16 * 1024 * 1024;

export type GpuIndexOptions = Pick<IndexOptions, 'dimension' | 'metric' | 'vectorOf'> & {
  readonly gpu: OpenGpu;
  /** Told, once at least, that the device is of no more use to this index. */
  readonly onFailure: (reason: string) => void;
  /** For tests; the defaults suit everything else. */
  readonly segmentBytes?: { readonly initial: number; readonly max: number } | undefined;
};

/**
 * All points of a shard as rows on the device, searched exactly. A changed row is overwritten in place; the device does
 * its work in order, so a search sees the rows as they were when it was asked. When the device fails, the searches under
 * way are answered by the processor, from the same state.
 */
export class GpuIndex {
  readonly table = new RowTable();
  readonly capacity: number;
  readonly #options: GpuIndexOptions;
  readonly #segments: RowSegments;
  readonly #batches: Batches;
  /** Of the rows that there have been. */
  #lengthMax = 1;

  constructor(options: GpuIndexOptions) {
    const { gpu, dimension, metric, onFailure, segmentBytes } = options;
    this.#options = options;
    this.capacity = Math.max(1, Math.min(CHANGED_ROWS_MAX, Math.floor(CHANGED_BYTES_MAX / (dimension * 4))));
    this.#segments = new RowSegments({ device: gpu.device, dimension, onFailure, segmentBytes });
    const rows = (): { segments: RowSegments; count: number; metric: typeof metric } => {
      this.#segments.flush();
      return { segments: this.#segments, count: this.table.count, metric };
    };
    this.#batches = new Batches({ search: gpu.search, rows, onFailure });
  }

  stats(): IndexStats {
    return { indexed: this.table.count, buffered: 0, dead: 0 };
  }

  get room(): number {
    return Math.max(0, this.capacity - this.#segments.waiting);
  }

  upsert(id: string, vector: Float32Array, stamp: Stamp): void {
    this.#batches.submit();
    const row = this.table.put(id, { version: stamp.version, vectorVersion: stamp.version });
    if (this.#options.metric === 'dot') this.#lengthMax = Math.max(this.#lengthMax, lengthOf(vector));
    this.#segments.set(row, indexed(this.#options.metric, vector));
  }

  touch(id: string, version: number): void {
    const row = this.table.rowOf(id);
    assert(row !== undefined, 'what is touched is there');
    this.table.touch(row, version);
  }

  remove(id: string): void {
    const row = this.table.rowOf(id);
    if (row === undefined) return;
    this.#batches.submit();
    const moved = this.table.remove(row);
    if (moved === undefined) this.#segments.drop(row);
    else this.#segments.move(moved, row);
  }

  async search(query: Float32Array, options: SearchOptions): Promise<Found[]> {
    const view = this.table.view();
    const { accept, ...unfiltered } = { ...options, query, metric: this.#options.metric };
    try {
      if (view.count === 0) return [];
      const vector = indexed(unfiltered.metric, query);
      const ids = await (accept === undefined
        ? this.#nearest(view, vector, options.k)
        : this.#accepted(view, vector, { k: options.k, accept, deadline: options.deadline }));
      if (ids !== undefined) return await rankExactly(ids, unfiltered);
      return await scanExactly(view, { ...unfiltered, ...(accept && { accept }) });
    } finally {
      view.close();
    }
  }

  /** Hands over what waits. */
  drain(): boolean {
    if (this.#segments.staged === 0) return false;
    this.#batches.submit();
    this.#segments.flush();
    return true;
  }

  /** Ends early when `signal` says so, which is after a failure. */
  async load(points: ReadonlyMap<string, PointVersions>, signal: AbortSignal): Promise<void> {
    const slices = new Slices();
    for (const [id, versions] of points) {
      const vector = this.#options.vectorOf(id);
      assert(vector !== undefined, 'a point has a vector');
      this.upsert(id, vector, { version: versions.vectorVersion, now: 0 });
      this.touch(id, versions.version);
      if (this.room === 0) await this.#arrival();
      if (slices.due) await slices.next();
      if (signal.aborted) return;
    }
    await this.#arrival();
  }

  /** The device's memory is given back; searches under way are answered by the processor. */
  close(): void {
    this.#batches.close();
    this.#segments.destroy();
  }

  async #arrival(): Promise<void> {
    this.drain();
    const { device } = this.#options.gpu;
    await device.bounded(device.device.queue.onSubmittedWorkDone()).catch(() => undefined);
  }

  async #nearest(view: RowView, vector: Float32Array, k: number): Promise<string[] | undefined> {
    const { metric } = this.#options;
    const lengths = metric === 'dot' ? this.#lengthMax * lengthOf(vector) : 1;
    const answer = await this.#batches.ask({ vector, k: k + MARGIN });
    return answer && withinReach(answer, { k, metric, dimension: vector.length, lengths }).map((row) => view.idOf(row));
  }

  /** Candidates that the filter accepts, among them the k best. */
  async #accepted(view: RowView, vector: Float32Array, filter: Filter): Promise<string[] | undefined> {
    const nearest = await this.#batches.ask({ vector, k: Math.max(NEAREST, 2 * filter.k) });
    if (nearest === undefined) return undefined;
    const near = await acceptedOf(
      bestFirst(nearest).map((row) => view.idOf(row)),
      filter,
    );
    if (near.length >= filter.k || nearest.rows.length === view.count) return near;
    const { mask, matches } = await maskOf(view, filter);
    if (matches.length <= FEW) return matches;
    // In the turn in which the query is put: rows that have changed since the search began are scored here.
    const changed = [...view.changed].filter(([row]) => take(mask, row)).map(([, id]) => id);
    const answer = await this.#batches.ask({ vector, k: filter.k + MARGIN, mask });
    return answer === undefined ? undefined : [...changed, ...Array.from(answer.rows, (row) => view.idOf(row))];
  }
}

type Filter = Required<Pick<SearchOptions, 'k' | 'accept' | 'deadline'>>;

function bestFirst({ rows, keys }: GpuAnswer): number[] {
  const order = [...keys.keys()].toSorted((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0));
  return order.map((i) => rows[i] ?? 0);
}

/** As many as are needed, of ids that come best first. */
async function acceptedOf(ids: readonly string[], { k, accept, deadline }: Filter): Promise<string[]> {
  const [slices, accepted]: [Slices, string[]] = [new Slices(deadline), []];
  for (const id of ids) {
    if (accept(id) && accepted.push(id) === k + MARGIN) break;
    if (slices.due) await slices.next();
  }
  return accepted;
}

/** The rows that a filter accepts, as bits; and their ids, as long as they are few. */
async function maskOf(
  view: RowView,
  { accept, deadline }: Filter,
): Promise<{ readonly mask: RowMask; readonly matches: string[] }> {
  const [slices, mask, matches]: [Slices, RowMask, string[]] = [
    new Slices(deadline),
    new Uint32Array(Math.ceil(view.count / 32)),
    [],
  ];
  for (let row = 0; row < view.count; row++) {
    const id = view.idOf(row);
    if (accept(id)) {
      mask[row >>> 5] = (mask[row >>> 5] ?? 0) | (1 << (row & 31));
      if (matches.length <= FEW) matches.push(id);
    }
    if (slices.due) await slices.next();
  }
  return { mask, matches };
}

/** Clears a row's bit; answers whether it was set. */
function take(mask: RowMask, row: number): boolean {
  const [word, bit] = [mask[row >>> 5] ?? 0, 1 << (row & 31)];
  mask[row >>> 5] = word & ~bit;
  return (word & bit) !== 0;
}
