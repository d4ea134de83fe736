import { GraphIndex } from '../vector/graph-index.ts';
import type {
  Backend,
  IndexOptions,
  IndexStats,
  PointIndex,
  PointVersions,
  SearchOptions,
  Stamp,
} from '../vector/point-index.ts';
import type { Found } from '../vector/ranking.ts';
import { FillingGraph } from './filling-graph.ts';
import type { Gpu, OpenGpu } from './gpu.ts';
import { GpuIndex, type GpuIndexOptions } from './gpu-index.ts';

export type ResilientOptions = IndexOptions & Pick<GpuIndexOptions, 'segmentBytes'>;

/**
 * The index of a gpu collection: rows on a device where there is one, else the graph of a cpu collection. A device that
 * fails is given up for the rest of this index's life, without a point or a search being lost: searches under way
 * and those that come are answered exactly from the stored vectors until a graph of them is built.
 */
export class ResilientGpuIndex implements PointIndex {
  readonly #options: ResilientOptions;
  readonly #gpu: Gpu | undefined;
  readonly #failed = new AbortController();
  #stopListening: (() => void) | undefined;
  #part: GpuIndex | FillingGraph | GraphIndex;
  #backend: Backend = { backend: 'cpu', device: null, backend_reason: null };

  constructor(options: ResilientOptions) {
    this.#options = options;
    this.#gpu = options.gpu;
    this.#part = new GraphIndex(options);
  }

  get backend(): Backend {
    return this.#backend;
  }

  stats(): IndexStats {
    return this.#part.stats();
  }

  get room(): number {
    return this.#part.room;
  }

  get capacity(): number {
    return this.#part instanceof FillingGraph ? this.#part.graph.capacity : this.#part.capacity;
  }

  get exhaustive(): boolean {
    return !(this.#part instanceof GraphIndex);
  }

  /** As long as it is exhaustive. */
  get exact(): boolean {
    return this.exhaustive;
  }

  upsert(id: string, vector: Float32Array, stamp: Stamp): void {
    this.#part.upsert(id, vector, stamp);
  }

  hurry(on: boolean): void {
    if (this.#part instanceof GraphIndex) this.#part.hurry(on);
  }

  touch(id: string, version: number): void {
    this.#part.touch(id, version);
  }

  remove(id: string): void {
    this.#part.remove(id);
  }

  search(query: Float32Array, options: SearchOptions): Found[] | Promise<Found[]> {
    return this.#part.search(query, options);
  }

  drain(now: number, sliceMs?: number): boolean {
    const moved = this.#part.drain(now, sliceMs);
    if (this.#part instanceof FillingGraph && this.#part.complete) this.#part = this.#part.graph;
    return moved;
  }

  get needsRebuild(): boolean {
    return this.#part instanceof GraphIndex && this.#part.needsRebuild;
  }

  async rebuild(vectorVersionOf: (id: string) => number | undefined, signal: AbortSignal): Promise<void> {
    if (this.#part instanceof GraphIndex) await this.#part.rebuild(vectorVersionOf, signal);
  }

  /** What is on a device, a restart puts there again. */
  get unsaved(): number {
    return this.#part instanceof GraphIndex ? this.#part.unsaved : 0;
  }

  async save(): Promise<void> {
    if (this.#part instanceof GraphIndex) await this.#part.save();
  }

  async load(points: ReadonlyMap<string, PointVersions>): Promise<{ readonly reason: string | undefined }> {
    const found = (await this.#gpu?.acquire()) ?? { reason: 'no device was asked for' };
    if ('reason' in found) this.#giveUp(found.reason);
    else if (await this.#loadOnto(found, points)) return { reason: undefined };
    const graph = new GraphIndex(this.#options);
    this.#part = graph;
    return graph.load(points);
  }

  close(): void {
    this.#stopListening?.();
    if (this.#part instanceof GpuIndex) this.#part.close();
  }

  /** False when the device failed meanwhile. */
  async #loadOnto(gpu: OpenGpu, points: ReadonlyMap<string, PointVersions>): Promise<boolean> {
    this.#backend = { backend: 'gpu', device: gpu.device.name, backend_reason: null };
    this.#stopListening = gpu.device.onLost((reason) => this.#fallBack(reason));
    // Not in the middle of a change that finds the device out of use.
    const onFailure = (reason: string): void => queueMicrotask(() => this.#fallBack(reason));
    const index = new GpuIndex({ ...this.#options, gpu, onFailure });
    this.#part = index;
    await index.load(points, this.#failed.signal);
    return !this.#failed.signal.aborted;
  }

  #fallBack(reason: string): void {
    const failed = this.#part;
    if (!(failed instanceof GpuIndex)) return;
    this.#part = new FillingGraph(this.#options, failed.table);
    this.#failed.abort();
    failed.close();
    this.#giveUp(reason);
  }

  #giveUp(reason: string): void {
    this.#backend = { backend: 'cpu', device: null, backend_reason: reason };
    this.#gpu?.warn(reason);
  }
}
