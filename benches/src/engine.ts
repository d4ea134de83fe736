import { encodeEntry, encodeRequest } from '@vectorizer/contracts';
import { Shard, type ShardSearchResult } from '@vectorizer/engine';
import { until } from '@vectorizer/testing';
import type { Dataset } from './dataset.ts';
import type { Filled, Span } from './fill.ts';
import type { Search } from './search-loop.ts';
import { BATCH, EF, HNSW, K, PATIENCE_MS } from './setting.ts';

/** One shard of the engine in this process, as an index node runs it but for the log. */
export class Engine implements Filled {
  readonly name = 'engine';
  readonly #shard: Shard;
  readonly #dataset: Dataset;

  private constructor(shard: Shard, dataset: Dataset) {
    this.#shard = shard;
    this.#dataset = dataset;
  }

  static async open(directory: string, dataset: Dataset): Promise<Engine> {
    const shard = await Shard.open({ directory, dimension: dataset.dimension, kind: 'cpu', metric: 'dot', hnsw: HNSW });
    shard.startBackground();
    return new Engine(shard, dataset);
  }

  /** Applies entries of a batch each; answers the milliseconds until all of it is in the graph. */
  async fill(span: Span): Promise<number> {
    const first = this.#shard.position.sequence + 1;
    const entries = this.#entries(span, first);
    const start = performance.now();
    for (const [i, bytes] of entries.entries()) await this.#shard.apply({ sequence: first + i, bytes, at: Date.now() });
    await until(() => this.#shard.report().buffered === 0, { timeoutMs: PATIENCE_MS, what: 'an empty buffer' });
    return performance.now() - start;
  }

  search(): Search {
    const specs = this.#dataset.queries.map((vector) => ({
      vector,
      k: K,
      ef: EF,
      with_payload: false,
      with_vector: false,
    }));
    return {
      ask: (query) => {
        const spec = specs[query];
        return spec === undefined ? undefined : this.#shard.search(spec);
      },
      rowsOf: (answer) => (answer as ShardSearchResult).hits.map((hit) => Number(hit.id)),
    };
  }

  async close(): Promise<void> {
    await this.#shard.close();
  }

  #entries({ start, end }: Span, first: number): Uint8Array[] {
    const entries: Uint8Array[] = [];
    for (let row = start; row < end; row += BATCH) {
      const ops = this.#dataset.rows.slice(row, Math.min(end, row + BATCH)).map((vector, i) => ({
        kind: 'upsert' as const,
        id: String(row + i),
        vector,
        payload: JSON.stringify({ row: row + i }),
      }));
      const { request } = encodeRequest({ id: `fill-${first + entries.length}`, ops });
      entries.push(encodeEntry({ at: 0, requests: [request] }));
    }
    return entries;
  }
}
