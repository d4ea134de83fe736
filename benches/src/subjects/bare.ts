import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import hnswlib from 'hnswlib-node';
import type { BareOrder, BareReply, BareRequest } from './bare-insert.ts';
import type { Dataset } from '../data/dataset.ts';
import { K } from '../setting.ts';
import type { Span, Filled } from '../measure/fill.ts';
import type { Search } from '../measure/search-loop.ts';
import { workerFile } from './worker-file.ts';

/** hnswlib-node with nothing around it; labels are row numbers. */
export class Bare implements Filled {
  readonly name = 'bare';
  readonly #worker: Worker;
  readonly #dataset: Dataset;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
    const workerData: BareOrder = { dimension: dataset.dimension, capacity: dataset.rows.length };
    this.#worker = new Worker(workerFile('./bare-insert', import.meta.url), { workerData });
  }

  /** Inserts the rows; answers the milliseconds that the loop took. */
  async fill({ start, end }: Span): Promise<number> {
    return this.#ask({ rows: this.#dataset.rows.slice(start, end) });
  }

  /** What was inserted, in this thread; the inserting one ends. */
  async takeOver(file: string): Promise<BareGraph> {
    await this.#ask({ write: file });
    await this.stop();
    return new BareGraph(file, this.#dataset);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(request: BareRequest): Promise<number> {
    this.#worker.postMessage(request);
    const [reply] = (await once(this.#worker, 'message')) as [BareReply];
    return reply.milliseconds;
  }
}

/** A graph to search and to change, called as directly as it can be. */
export class BareGraph {
  readonly #index: hnswlib.HierarchicalNSW;
  readonly #queries: readonly number[][];
  /** The first that was not replaced. */
  #label = 0;

  constructor(file: string, { dimension, queries }: Dataset) {
    this.#index = new hnswlib.HierarchicalNSW('ip', dimension);
    this.#index.readIndexSync(file);
    this.#queries = queries.map((query) => Array.from(query));
  }

  search(ef: number): Search {
    return {
      ask: (query) => {
        this.#index.setEf(ef);
        return this.#index.searchKnn(this.#queries[query] ?? [], K);
      },
      rowsOf: (answer) => (answer as hnswlib.SearchResult).neighbors,
    };
  }

  /** Makes room for more elements, so that none of the changes to come has to. */
  reserve(elements: number): void {
    this.#index.resizeIndex(this.#index.getCurrentCount() + elements);
  }

  /** Delete + insert of the next element, the fastest change that hnswlib has; answers the milliseconds that it took. */
  replaceNext(vector: Float32Array): number {
    const row = Array.from(vector);
    const label = this.#label++;
    const start = performance.now();
    this.#index.markDelete(label);
    this.#index.addPoint(row, this.#index.getCurrentCount());
    return performance.now() - start;
  }
}
