import assert from 'node:assert/strict';
import { Graph, type GraphOptions } from './graph.ts';

/**
 * A graph and what its labels mean: label → id, vector version and point version. A label whose point has changed or gone is dead:
 * its element is marked, so that no search returns it, and stays in the graph until the next rebuild.
 *
 * While the graph is written to disk its elements must not be marked. Deaths of that time wait in `#deferred`, and
 * searches ask for that many more results and drop them.
 */
export class LabelledGraph {
  readonly #graph: Graph;
  readonly #ids: (string | undefined)[];
  readonly #versions: number[];
  /** Not saved: a point changes without its vector. */
  readonly #pointVersions: number[];
  #dead: number;
  #deferred: number[] = [];
  #saving = false;

  constructor(graph: Graph, labels: Labels = { ids: [], versions: [] }) {
    this.#graph = graph;
    this.#ids = [...labels.ids];
    this.#versions = [...labels.versions];
    this.#pointVersions = [...labels.versions];
    this.#dead = this.#ids.filter((id) => id === undefined).length;
    assert.equal(graph.size, this.#ids.length);
    assert.equal(graph.live, this.#ids.length - this.#dead);
  }

  static create(options: GraphOptions): LabelledGraph {
    return new LabelledGraph(Graph.create(options));
  }

  get size(): number {
    return this.#ids.length;
  }

  get byteLength(): number {
    return this.#graph.byteLength;
  }

  get dead(): number {
    return this.#dead;
  }

  get saving(): boolean {
    return this.#saving;
  }

  idOf(label: number): string | undefined {
    return this.#ids[label];
  }

  versionOf(label: number): number {
    return this.#versions[label] ?? 0;
  }

  pointVersionOf(label: number): number {
    return this.#pointVersions[label] ?? 0;
  }

  /** The label's point has this version now; its vector is as it was. */
  touch(label: number, pointVersion: number): void {
    this.#pointVersions[label] = pointVersion;
  }

  add(id: string, vector: Float32Array, version: number): number {
    const label = this.#graph.add(vector);
    this.#ids.push(id);
    this.#versions.push(version);
    this.#pointVersions.push(version);
    assert.equal(label, this.#ids.length - 1);
    return label;
  }

  kill(label: number): void {
    assert(this.#ids[label] !== undefined, 'a label dies once');
    this.#ids[label] = undefined;
    this.#dead += 1;
    if (this.#saving) this.#deferred.push(label);
    else this.#graph.mark(label);
  }

  /** Visits up to k live ids with hnswlib's distance, nearest first. */
  search(
    query: Float32Array,
    options: { readonly k: number; readonly ef: number; readonly accept?: (id: string) => boolean },
    visit: (id: string, distance: number, pointVersion: number) => void,
  ): void {
    const { accept } = options;
    const hits = this.#graph.search(query, {
      k: options.k + this.#deferred.length,
      ef: options.ef,
      ...(accept === undefined
        ? {}
        : {
            accept: (label: number): boolean => {
              const id = this.#ids[label];
              return id !== undefined && accept(id);
            },
          }),
    });
    for (let i = 0; i < hits.neighbors.length; i++) {
      const label = hits.neighbors[i] ?? -1;
      const id = this.#ids[label];
      if (id !== undefined) visit(id, hits.distances[i] ?? NaN, this.pointVersionOf(label));
    }
  }

  /** Writes the graph to `file`; answers what the labels meant when it was written. Nothing may be added meanwhile. */
  async save(file: string): Promise<Labels> {
    assert(!this.#saving, 'one save at a time');
    this.#saving = true;
    const labels = { ids: [...this.#ids], versions: [...this.#versions] };
    try {
      await this.#graph.save(file);
      return labels;
    } finally {
      this.#saving = false;
      for (const label of this.#deferred) this.#graph.mark(label);
      this.#deferred = [];
    }
  }
}

/** Index = label; undefined = dead and marked in the graph. */
export type Labels = { readonly ids: readonly (string | undefined)[]; readonly versions: readonly number[] };
