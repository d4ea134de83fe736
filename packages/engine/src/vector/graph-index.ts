import assert from 'node:assert/strict';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { byRank } from '@vectorizer/contracts';
import { DeltaBuffer } from './delta-buffer.ts';
import { graphOptions, loadGraph, saveGraph, writeManifest } from './graph-file.ts';
import { LabelledGraph } from './labelled-graph.ts';
import { indexed, scoreOfDistance, scoreOfKernel } from './metric.ts';
import type { IndexOptions, IndexStats, PointIndex, PointVersions, SearchOptions, Stamp } from './point-index.ts';
import type { Found } from './ranking.ts';
import { rebuildGraph } from './rebuild.ts';

/** A changed vector stays in the buffer this long after its last change, so that a hot point does not litter the graph. */
const SETTLE_MS = 200;
/** Of a point that is new: most never change, and a graph that waits for them is not built meanwhile. */
const SETTLED = -Infinity;
/** Above this share of the buffer nothing is waited for: room matters more. */
const CROWDED_SHARE = 0.5;
/** A rebuild pays once this share, and at least this number, of the graph's elements is dead. */
export const DEAD_SHARE_MAX = 0.25;
const DEAD_MIN = 1_000;
/** The longest stretch of graph work before searches get their turn, unless the caller says another. */
const SLICE_MS = 2;

/**
 * Nearest neighbours of one shard's points: a graph, and before it a buffer that is scanned exactly.
 *
 * A changed vector is visible at once: it goes to the buffer, and what the graph has of the point dies. In the
 * background `drain` moves buffered vectors into the graph. Each point is in exactly one place: `#places` has the
 * label (≥ 0) or the row (as -1 - row). Everything but drain, save, load and rebuild is synchronous.
 */
export class GraphIndex implements PointIndex {
  readonly #options: IndexOptions;
  #buffer: DeltaBuffer;
  /** Rows that the buffer may have: the usual, but after a load that found much missing, and in a hurry. */
  #limit: number;
  #hurried = false;
  /** The usual. */
  readonly capacity: number;
  readonly exhaustive = false;
  readonly #places = new Map<string, number>();
  #graph: LabelledGraph;
  /** While a rebuild runs: points that entered the old graph meanwhile and so are not in the new one. */
  #drainedMeanwhile: Set<string> | undefined;
  #savedSize = 0;

  constructor(options: IndexOptions) {
    this.#options = options;
    this.#buffer = this.#newBuffer();
    this.capacity = this.#limit = this.#buffer.usualCapacity;
    this.#graph = LabelledGraph.create(graphOptions(options));
  }

  stats(): IndexStats {
    const { size, dead } = this.#graph;
    const bytes = this.#graph.byteLength + this.#buffer.byteLength;
    return { indexed: size - dead, buffered: this.#buffer.count, dead, bytes };
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** How many more vectors fit the buffer. */
  get room(): number {
    return this.#limit - this.#buffer.count;
  }

  /**
   * In a hurry changed vectors stay in the buffer, for as long as there is memory for them: what they cost the graph comes
   * afterwards, while new ones have their usual room beside them.
   */
  hurry(on: boolean): void {
    this.#hurried = on;
    this.#limit = on ? this.#buffer.capacity : this.capacity + Math.min(this.#buffer.count, this.#extraMax);
  }

  get #extraMax(): number {
    return this.#buffer.capacity - this.capacity;
  }

  /** As long as there is room for any entry, which may be all of the usual. */
  get #putOff(): boolean {
    return this.#hurried && this.room >= this.capacity;
  }

  /** `version` names this vector of this point, and is the point's; `now` is a millisecond clock. The caller has seen that there is room. */
  upsert(id: string, vector: Float32Array, stamp: Stamp): void {
    const row = indexed(this.#options.metric, vector);
    const place = this.#places.get(id);
    if (place !== undefined && place < 0) {
      this.#buffer.overwrite(-1 - place, row, stamp);
      return;
    }
    if (place !== undefined) this.#graph.kill(place);
    const now = place === undefined ? SETTLED : stamp.now;
    this.#places.set(id, -1 - this.#buffer.push(id, row, { ...stamp, now }));
  }

  /** The point has a new version with the vector that it had. */
  touch(id: string, pointVersion: number): void {
    const place = this.#places.get(id);
    assert(place !== undefined, 'what is touched is there');
    if (place >= 0) this.#graph.touch(place, pointVersion);
    else this.#buffer.touch(-1 - place, pointVersion);
  }

  remove(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    if (place >= 0) this.#graph.kill(place);
    else this.#removeRow(-1 - place);
  }

  /** Up to k points, best first. */
  search(query: Float32Array, options: Omit<SearchOptions, 'vectorOf'>): Found[] {
    const { metric } = this.#options;
    const vector = indexed(metric, query);
    const hits: Found[] = [];
    this.#graph.search(vector, options, (id, distance, version) =>
      hits.push({ id, version, score: scoreOfDistance(metric, distance) }),
    );
    if (this.#buffer.count > 0) this.#searchBuffer(vector, options, hits);
    hits.sort(byRank);
    if (hits.length > options.k) hits.length = options.k;
    return hits;
  }

  /** Moves settled vectors into the graph; true when it did something. */
  drain(now: number, sliceMs: number = SLICE_MS): boolean {
    if (this.#graph.saving || this.#buffer.count === 0 || this.#putOff) return false;
    const crowded = this.#buffer.count > this.capacity * CROWDED_SHARE;
    const end = performance.now() + sliceMs;
    let moved = false;
    for (let row = 0; row < this.#buffer.count;) {
      if (!crowded && now - this.#buffer.touchedAt(row) < SETTLE_MS) {
        row += 1;
        continue;
      }
      this.#moveToGraph(row);
      moved = true;
      if (performance.now() >= end) break;
    }
    if (this.#limit > this.capacity && !this.#hurried && this.#buffer.count <= this.capacity / 2) this.#shrinkBuffer();
    return moved;
  }

  get needsRebuild(): boolean {
    const { dead, size } = this.#graph;
    return dead >= (this.#options.deadMin ?? DEAD_MIN) && dead > size * DEAD_SHARE_MAX;
  }

  /** Changes of the graph since the last save. */
  get unsaved(): number {
    return Math.abs(this.#graph.size - this.#savedSize);
  }

  get saving(): boolean {
    return this.#graph.saving;
  }

  async save(): Promise<void> {
    const size = this.#graph.size;
    await saveGraph(this.#graph, this.#options.directory, this.#options);
    this.#savedSize = size;
  }

  /**
   * Fills an empty index with the given points: from the saved graph as far as it can be trusted and is current. What it
   * lacks is found in the buffer, which is larger until `drain` has moved that to the graph: a search is exact and
   * takes longer meanwhile, and nobody waits for the graph. Answers why the saved graph was of no use, if it was not.
   */
  async load(points: ReadonlyMap<string, PointVersions>): Promise<{ readonly reason: string | undefined }> {
    assert.equal(this.#places.size, 0);
    const loaded = await loadGraph(this.#options.directory, this.#options);
    if (loaded instanceof LabelledGraph) this.#adopt(loaded, points);
    const missing = points.size - this.#places.size;
    if (missing > this.room / 2) this.#limit = this.capacity + Math.min(missing, this.#extraMax);
    await this.#addMissing(points);
    return { reason: loaded instanceof LabelledGraph ? undefined : loaded.reason };
  }

  /** Builds a new graph of the live points off this thread and puts it in the place of the old one. */
  async rebuild(versionOf: (id: string) => number | undefined, signal: AbortSignal): Promise<void> {
    const { directory, vectorOf, metric } = this.#options;
    const current = (id: string): { vector: Float32Array; version: number } | undefined => {
      const [vector, version] = [vectorOf(id), versionOf(id)];
      return vector === undefined || version === undefined ? undefined : { vector: indexed(metric, vector), version };
    };
    const ids = [...this.#places].flatMap(([id, place]) => (place >= 0 ? [id] : []));
    this.#drainedMeanwhile = new Set();
    try {
      const built = await rebuildGraph({ ids, vectorOf: current }, { directory, parameters: this.#options, signal });
      await this.#catchUp(built.graph, current, signal);
      this.#swap(built.graph);
      await writeManifest(directory, { file: built.file, labels: built.labels, parameters: this.#options });
      this.#savedSize = built.labels.ids.length;
    } finally {
      this.#drainedMeanwhile = undefined;
    }
  }

  /** Adds to the new graph what entered the old one meanwhile, until nothing is missing. */
  async #catchUp(
    graph: LabelledGraph,
    current: (id: string) => { vector: Float32Array; version: number } | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const [next] = this.#drainedMeanwhile ?? [];
      if (next === undefined) return;
      this.#drainedMeanwhile?.delete(next);
      const point = current(next);
      if (point !== undefined && (this.#places.get(next) ?? -1) >= 0) graph.add(next, point.vector, point.version);
      await yieldToOthers();
      signal.throwIfAborted();
    }
  }

  /**
   * In one step: a label of the new graph is live if it is its point's present version, which is that of its label in the old
   * one, and no later label is. The store is not asked: it would take microseconds for each.
   */
  #swap(graph: LabelledGraph): void {
    const taken = new Set<string>();
    for (let label = graph.size - 1; label >= 0; label--) {
      const id = graph.idOf(label);
      if (id === undefined) continue;
      const place = this.#places.get(id);
      const isPresent = place !== undefined && place >= 0 && this.#graph.versionOf(place) === graph.versionOf(label);
      if (!isPresent || taken.has(id)) {
        graph.kill(label);
        continue;
      }
      taken.add(id);
      graph.touch(label, this.#graph.pointVersionOf(place));
      this.#places.set(id, label);
    }
    this.#graph = graph;
  }

  #adopt(graph: LabelledGraph, points: ReadonlyMap<string, PointVersions>): void {
    for (let label = graph.size - 1; label >= 0; label--) {
      const id = graph.idOf(label);
      if (id === undefined) continue;
      const point = points.get(id);
      if (point?.vectorVersion !== graph.versionOf(label) || this.#places.has(id)) {
        graph.kill(label);
        continue;
      }
      this.#places.set(id, label);
      graph.touch(label, point.version);
    }
    this.#graph = graph;
    this.#savedSize = graph.size;
  }

  async #addMissing(points: ReadonlyMap<string, PointVersions>): Promise<void> {
    let end = performance.now() + SLICE_MS;
    for (const [id, { version, vectorVersion }] of points) {
      if (this.#places.has(id)) continue;
      const vector = this.#options.vectorOf(id);
      assert(vector !== undefined, 'a point has a vector');
      if (this.room > this.capacity / 2) this.upsert(id, vector, { version: vectorVersion, now: 0 });
      else this.#places.set(id, this.#graph.add(id, indexed(this.#options.metric, vector), vectorVersion));
      this.touch(id, version);
      if (performance.now() < end) continue;
      await yieldToOthers();
      end = performance.now() + SLICE_MS;
    }
  }

  #newBuffer(): DeltaBuffer {
    const { dimension, metric, bufferRowsMax: rowsMax, backlogRowsMax } = this.#options;
    return new DeltaBuffer({ dimension, metric, rowsMax, backlogRowsMax });
  }

  /** Gives the memory of a backlog back. Rows keep their numbers. */
  #shrinkBuffer(): void {
    const usual = this.#newBuffer();
    this.#buffer.copyTo(usual);
    this.#buffer = usual;
    this.#limit = this.capacity;
  }

  #moveToGraph(row: number): void {
    const id = this.#buffer.idOf(row);
    const label = this.#graph.add(id, this.#buffer.vectorOf(row), this.#buffer.versionOf(row));
    this.#graph.touch(label, this.#buffer.pointVersionOf(row));
    this.#places.set(id, label);
    this.#drainedMeanwhile?.add(id);
    this.#removeRow(row);
  }

  #removeRow(row: number): void {
    const moved = this.#buffer.remove(row);
    if (moved !== undefined) this.#places.set(moved, -1 - row);
  }

  #searchBuffer(vector: Float32Array, options: Omit<SearchOptions, 'vectorOf'>, hits: Found[]): void {
    const { metric } = this.#options;
    const { accept } = options;
    if (accept === undefined) {
      this.#buffer.search(vector, options.k, (id, value, version) =>
        hits.push({ id, version, score: scoreOfKernel(metric, value) }),
      );
      return;
    }
    hits.push(...this.#acceptedRows(vector, accept, options.k));
  }

  /** Filtering costs more than scoring: rows are asked about best first, until there are enough. */
  #acceptedRows(vector: Float32Array, accept: (id: string) => boolean, k: number): Found[] {
    const { metric } = this.#options;
    const rows: Found[] = [];
    this.#buffer.scan(vector, (id, value, version) => rows.push({ id, version, score: scoreOfKernel(metric, value) }));
    rows.sort(byRank);
    const accepted: Found[] = [];
    for (const row of rows) {
      if (accepted.length === k) break;
      if (accept(row.id)) accepted.push(row);
    }
    return accepted;
  }
}
