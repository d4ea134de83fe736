import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import hnswlib from 'hnswlib-node';
import type { BareOrder, BareReply, BareRequest } from './bare-insert.ts';
import type { Dataset } from './dataset.ts';
import { EF, K } from './setting.ts';
import type { Span, Filled } from './fill.ts';
import type { Search } from './search-loop.ts';
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

  /** The search loop over what was inserted, in this thread; the inserting one ends. */
  async takeOver(file: string): Promise<Search> {
    await this.#ask({ write: file });
    await this.stop();
    const index = new hnswlib.HierarchicalNSW('ip', this.#dataset.dimension);
    index.readIndexSync(file);
    index.setEf(EF);
    const queries = this.#dataset.queries.map((query) => Array.from(query));
    return {
      ask: (query) => index.searchKnn(queries[query] ?? [], K),
      rowsOf: (answer) => (answer as hnswlib.SearchResult).neighbors,
    };
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
