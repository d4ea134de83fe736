import assert from 'node:assert/strict';
import type { Quantization } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { Gate } from '../shard/gate.ts';
import { indexed, ROW_METRIC } from '../vector/metric.ts';
import type {
  IndexOptions,
  IndexStats,
  PointIndex,
  PointVersions,
  SearchOptions,
  Stamp,
} from '../vector/point-index.ts';
import type { Found } from '../vector/ranking.ts';
import { CodedPoints } from './coded-points.ts';
import { loadCodes, saveCodes, type CodeParameters } from './codes-file.ts';
import { searchCodes } from './search-codes.ts';

/** A search that takes longer goes on in slices. */
const AT_ONCE_MS = 4;
/** One at a time, so that together they are no longer stretch of work than one; more wait than the shard lets run. */
const LONG_SEARCHES = { running: 1, waiting: 256 } as const;

/**
 * Nearest neighbours by a scan of all points' codes, the best of which are scored again by their vectors, which are on
 * disk. A change overwrites a row: nothing waits, nothing dies, and nothing has to be rebuilt.
 */
export class QuantizedIndex implements PointIndex {
  readonly exhaustive = true;
  readonly room = Infinity;
  readonly capacity = Infinity;
  readonly needsRebuild = false;
  readonly #options: IndexOptions;
  readonly #quantization: Quantization;
  readonly #atOnceMs: number;
  readonly #points: CodedPoints;
  readonly #longSearches = new Gate(LONG_SEARCHES);
  /** For each search that has given way, what has changed or moved since it began. */
  readonly #changedSince = new Set<Set<string>>();
  #unsaved = 0;
  #saving = false;

  /** `atOnceMs` is for tests. */
  constructor(options: IndexOptions, quantization: Quantization, atOnceMs: number = AT_ONCE_MS) {
    this.#options = options;
    this.#atOnceMs = atOnceMs;
    this.#quantization = quantization;
    const { dimension, metric } = options;
    this.#points = new CodedPoints({ type: quantization.type, dimension, metric: ROW_METRIC[metric] });
  }

  stats(): IndexStats {
    return { indexed: this.#points.count, buffered: 0, dead: 0, bytes: this.#points.byteLength };
  }

  get unsaved(): number {
    return this.#unsaved;
  }

  upsert(id: string, vector: Float32Array, { version }: Stamp): void {
    this.#changes(id);
    this.#points.set(id, indexed(this.#options.metric, vector), version);
  }

  touch(id: string, version: number): void {
    this.#points.touch(id, version);
  }

  remove(id: string): void {
    if (!this.#points.has(id)) return;
    this.#changes(id);
    const moved = this.#points.remove(id);
    if (moved !== undefined) this.#changes(moved);
  }

  search(vector: Float32Array, options: SearchOptions): Found[] | Promise<Found[]> {
    const rescore = options.quantization?.rescore ?? this.#quantization.rescore;
    const oversampling = options.quantization?.oversampling ?? this.#quantization.oversampling;
    const changed = new Set<string>();
    const steps = searchCodes({
      ...options,
      points: this.#points,
      metric: this.#options.metric,
      vector,
      changed,
      ...(rescore && { rescored: options.k * oversampling }),
    });
    const end = performance.now() + this.#atOnceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < end);
    return this.#goOn(steps, { changed, deadline: options.deadline });
  }

  drain(): boolean {
    return false;
  }

  async rebuild(): Promise<void> {
    // There is nothing that only a rebuild would mend.
  }

  async save(): Promise<void> {
    assert(!this.#saving, 'one save at a time');
    this.#saving = true;
    const changes = this.#unsaved;
    try {
      await saveCodes(this.#points, this.#options.directory, this.#parameters);
      this.#unsaved -= changes;
    } finally {
      this.#saving = false;
    }
  }

  async load(points: ReadonlyMap<string, PointVersions>): Promise<{ readonly reason: string | undefined }> {
    assert.equal(this.#points.count, 0);
    const expected = { ...this.#parameters, rowBytes: this.#points.rowBytes };
    const { reason } = await loadCodes(this.#options.directory, expected, ({ id, version, codes }) => {
      const point = points.get(id);
      if (point?.vectorVersion === version && !this.#points.has(id)) this.#points.adopt(id, codes, point);
    });
    await this.#encodeMissing(points);
    return { reason };
  }

  get #parameters(): CodeParameters {
    const { dimension, metric } = this.#options;
    return { type: this.#quantization.type, dimension, metric };
  }

  async #encodeMissing(points: ReadonlyMap<string, PointVersions>): Promise<void> {
    const slices = new Slices();
    for (const [id, { version, vectorVersion }] of points) {
      if (this.#points.has(id)) continue;
      const vector = this.#options.vectorOf(id);
      assert(vector !== undefined, 'a point has a vector');
      this.upsert(id, vector, { version: vectorVersion, now: 0 });
      this.touch(id, version);
      if (slices.due) await slices.next();
    }
  }

  #changes(id: string): void {
    this.#unsaved += 1;
    for (const changed of this.#changedSince) changed.add(id);
  }

  async #goOn(
    steps: Generator<undefined, Found[], undefined>,
    { changed, deadline }: { readonly changed: Set<string>; readonly deadline: number | undefined },
  ): Promise<Found[]> {
    this.#changedSince.add(changed);
    try {
      return await this.#longSearches.run(async () => {
        const slices = new Slices(deadline);
        await slices.next();
        for (;;) {
          const step = steps.next();
          if (step.done === true) return step.value;
          if (slices.due) await slices.next();
        }
      });
    } finally {
      this.#changedSince.delete(changed);
    }
  }
}
