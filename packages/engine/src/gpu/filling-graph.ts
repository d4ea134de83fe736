import assert from 'node:assert/strict';
import { GraphIndex } from '../vector/graph-index.ts';
import type { IndexOptions, IndexStats, SearchOptions, Stamp } from '../vector/point-index.ts';
import type { Found } from '../vector/ranking.ts';
import { scanExactly } from './exact-scan.ts';
import type { RowTable } from './row-table.ts';

/** The longest stretch of work before others get their turn, unless the caller says another. */
const SLICE_MS = 2;

/**
 * What becomes of the points of a device that failed: a graph of them is built from the stored vectors, in slices. Until
 * it is complete, searches look at every point.
 */
export class FillingGraph {
  readonly graph: GraphIndex;
  readonly #options: IndexOptions;
  readonly #table: RowTable;
  /** Rows from here on are in the graph. A removal moves the last row forward, where it is looked at again. */
  #filledFrom: number;

  constructor(options: IndexOptions, table: RowTable) {
    this.graph = new GraphIndex(options);
    this.#options = options;
    this.#table = table;
    this.#filledFrom = table.count;
  }

  get complete(): boolean {
    return this.#filledFrom === 0;
  }

  stats(): IndexStats {
    const { indexed: entered, dead } = this.graph.stats();
    return { indexed: entered, buffered: this.#table.count - entered, dead };
  }

  get room(): number {
    return this.graph.room;
  }

  upsert(id: string, vector: Float32Array, stamp: Stamp): void {
    this.#table.put(id, { version: stamp.version, vectorVersion: stamp.version });
    this.graph.upsert(id, vector, stamp);
  }

  touch(id: string, version: number): void {
    const row = this.#table.rowOf(id);
    assert(row !== undefined, 'what is touched is there');
    this.#table.touch(row, version);
    if (this.graph.has(id)) this.graph.touch(id, version);
  }

  remove(id: string): void {
    const row = this.#table.rowOf(id);
    if (row === undefined) return;
    this.#table.remove(row);
    this.#filledFrom = Math.min(this.#filledFrom, this.#table.count);
    this.graph.remove(id);
  }

  async search(query: Float32Array, options: SearchOptions): Promise<Found[]> {
    const view = this.#table.view();
    try {
      return await scanExactly(view, { ...options, query, metric: this.#options.metric });
    } finally {
      view.close();
    }
  }

  /** Fills the graph's buffer no more than half, so that changes find room. */
  drain(now: number, sliceMs: number = SLICE_MS): boolean {
    const end = performance.now() + sliceMs;
    while (!this.complete && this.graph.room > this.graph.capacity / 2 && performance.now() < end) this.#enterNext();
    return this.graph.drain(now, sliceMs) || !this.complete;
  }

  #enterNext(): void {
    this.#filledFrom -= 1;
    const { id, versions } = this.#table.at(this.#filledFrom);
    if (this.graph.has(id)) return;
    const vector = this.#options.vectorOf(id);
    assert(vector !== undefined, 'a point has a vector');
    this.graph.upsert(id, vector, { version: versions.vectorVersion, now: 0 });
    this.graph.touch(id, versions.version);
  }
}
