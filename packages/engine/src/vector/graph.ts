import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import hnswlib from 'hnswlib-node';
import type { Hnsw } from '@vectorizer/contracts';
import { isWhole } from './is-whole.ts';

/**
 * The only file that touches hnswlib-node, whose edges are sharp (each was seen):
 * - it takes plain arrays of numbers only, and anything else inside one aborts the process: vectors come in as
 *   Float32Array and are copied into one reused array (copying costs 0.5 µs, Array.from 10 µs);
 * - a filter that throws aborts the process: filters are wrapped, and the error is thrown after the search;
 * - labels are taken modulo 2³² without a word: they are asserted, counted up, and never used twice;
 * - replacing deleted elements corrupts labels (nmslib/hnswlib#541): deletion is a mark, and rebuilding cleans up;
 * - a graph that changes while it is written makes an unreadable file: `save` asserts that nothing changed;
 * - a full disk does not stop it from writing, without a word: what was written is looked at;
 * - writing to a missing folder, or reading a file of another dimension, is silent; a damaged file can crash: callers
 *   check folders, parameters and checksums before they call.
 */
export class Graph {
  readonly #index: hnswlib.HierarchicalNSW;
  readonly #scratch: number[];
  readonly #elementBytes: number;
  #marked = 0;
  #ef = 0;
  #saving = false;

  private constructor(index: hnswlib.HierarchicalNSW, { dimension, hnsw: { m } }: GraphOptions) {
    this.#index = index;
    this.#scratch = Array.from({ length: dimension }, () => 0);
    this.#elementBytes = 4 * dimension + 4 * (2 * m + 1) + (4 * (m + 1)) / (m - 1) + ELEMENT_BYTES;
  }

  static create(options: GraphOptions): Graph {
    const index = new hnswlib.HierarchicalNSW(options.space, options.dimension);
    index.initIndex(CAPACITY_INITIAL, options.hnsw.m, options.hnsw.ef_construction, LEVEL_SEED);
    return new Graph(index, options);
  }

  /** `marked` is how many elements were marked deleted when the file was written. */
  static async load(file: string, options: GraphOptions & { readonly marked: number }): Promise<Graph> {
    const index = new hnswlib.HierarchicalNSW(options.space, options.dimension);
    await index.readIndex(file);
    const graph = new Graph(index, options);
    graph.#marked = options.marked;
    return graph;
  }

  /** All elements, marked ones included; the next label. */
  get size(): number {
    return this.#index.getCurrentCount();
  }

  /** What hnswlib allocates for the elements, by its source: the vector, the neighbours on each level, and the rest. */
  get byteLength(): number {
    return Math.round(this.size * this.#elementBytes);
  }

  get live(): number {
    return this.size - this.#marked;
  }

  /** Adds a vector under the next label, which it answers. About half a millisecond at 256 dimensions. */
  add(vector: Float32Array): number {
    assert(!this.#saving, 'a graph must not change while it is written');
    const label = this.size;
    assert(label < LABEL_MAX);
    const capacity = this.#index.getMaxElements();
    // A graph that was saved empty comes back with room for none.
    const growth = Math.min(Math.max(capacity, CAPACITY_INITIAL), GROWTH_MAX);
    if (label === capacity) this.#index.resizeIndex(capacity + growth);
    this.#index.addPoint(this.#asArray(vector), label);
    return label;
  }

  /** Takes an element out of all later results. Once per label. */
  mark(label: number): void {
    assert(!this.#saving, 'a graph must not change while it is written');
    this.#index.markDelete(label);
    this.#marked += 1;
  }

  /** Up to k live elements, nearest first. `accept` sees labels. */
  search(
    query: Float32Array,
    options: { readonly k: number; readonly ef: number; readonly accept?: (label: number) => boolean },
  ): GraphHits {
    const k = Math.min(options.k, this.live);
    if (k === 0) return NOTHING;
    const ef = Math.max(options.ef, k);
    if (ef !== this.#ef) {
      this.#index.setEf(ef);
      this.#ef = ef;
    }
    const array = this.#asArray(query);
    if (options.accept === undefined) return this.#index.searchKnn(array, k);
    const { accept } = options;
    let problem: unknown;
    const hits = this.#index.searchKnn(array, k, (label) => {
      try {
        return problem === undefined && accept(label);
      } catch (error) {
        problem = error;
        return false;
      }
    });
    if (problem !== undefined) throw problem;
    return hits;
  }

  /**
   * Writes the graph in one go. For worker threads: one that is ended while a write of its own is under way elsewhere
   * takes the process with it.
   */
  saveHere(file: string): void {
    this.#index.writeIndexSync(file);
    assert(existsSync(file), `the graph was not written to ${file}`);
  }

  /** Writes the graph on a thread of its own; until it is done only searches are allowed. */
  async save(file: string): Promise<void> {
    this.#saving = true;
    try {
      await this.#index.writeIndex(file);
    } finally {
      this.#saving = false;
    }
    assert(existsSync(file), `the graph was not written to ${file}`);
    if (!(await isWhole(file))) throw new Error(`only a part of the graph was written to ${file}`);
  }

  #asArray(vector: Float32Array): number[] {
    assert.equal(vector.length, this.#scratch.length);
    for (let i = 0; i < vector.length; i++) this.#scratch[i] = vector[i] ?? 0;
    return this.#scratch;
  }
}

export type GraphOptions = { readonly dimension: number; readonly space: 'ip' | 'l2'; readonly hnsw: Hnsw };
export type GraphHits = { readonly distances: readonly number[]; readonly neighbors: readonly number[] };

const NOTHING: GraphHits = { distances: [], neighbors: [] };
/** Its label, its entry in the map of labels, a lock, its level, and the place of its upper levels. */
const ELEMENT_BYTES = 8 + 40 + 40 + 4 + 8;
const CAPACITY_INITIAL = 1_024;
/** Growth doubles up to this many elements a step: 256 MiB at 256 dimensions, so that a large graph does not double its memory. */
const GROWTH_MAX = 262_144;
const LABEL_MAX = 2 ** 32 - 1;
/** The same vectors in the same order make the same graph. */
const LEVEL_SEED = 100;
