import { encodeEntry, encodeRequest, type Metric, type Operation, type SearchSpec } from '@vectorizer/contracts';
import { Shard, type Gpu, type ShardReport, type ShardSearchResult } from '@vectorizer/engine';
import { until } from '@vectorizer/testing';
import { payloadOf } from '../data/payload.ts';
import { EF, K, PATIENCE_MS } from '../setting.ts';
import type { Points } from './points.ts';

/** Points to an entry of a fill. */
const FILL_BATCH = 500;

type Shape = {
  readonly directory: string;
  readonly points: Points;
  readonly metric: Metric;
  /** Absent, the collection is searched on the processor. */
  readonly gpu?: Gpu | undefined;
  readonly efConstruction?: number;
};
export type Asked = Partial<Omit<SearchSpec, 'vector'>>;

/** One shard in this process, of kind `gpu` or `cpu`. Ids are row numbers. */
export class Collection {
  readonly #shape: Shape;
  #shard: Shard;

  private constructor(shape: Shape, shard: Shard) {
    this.#shape = shape;
    this.#shard = shard;
  }

  static async open(shape: Shape): Promise<Collection> {
    return new Collection(shape, await openShard(shape));
  }

  get report(): ShardReport {
    return this.#shard.report();
  }

  /** Answers the seconds that it took, or undefined when it was not done in `limitS`. */
  async load({ limitS = Infinity }: { readonly limitS?: number } = {}): Promise<number | undefined> {
    const { rows } = this.#shape.points;
    const start = performance.now();
    const elapsed = (): number => (performance.now() - start) / 1_000;
    for (let row = 0; row < rows.length; row += FILL_BATCH) {
      await this.write(rows.slice(row, row + FILL_BATCH).map((vector, i) => ({ row: row + i, vector })));
      if (elapsed() > limitS) return undefined;
    }
    await until(() => this.report.buffered === 0, { timeoutMs: PATIENCE_MS, what: 'an empty buffer' });
    return elapsed();
  }

  /** One entry. */
  async write(changes: readonly { readonly row: number; readonly vector: Float32Array }[]): Promise<void> {
    const sequence = this.#shard.sequence + 1;
    const ops = changes.map(({ row, vector }): Operation => ({
      kind: 'upsert',
      id: String(row),
      vector,
      payload: JSON.stringify(payloadOf(row)),
    }));
    const { request } = encodeRequest({ id: `bench-${sequence}`, ops });
    await this.#shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 0 });
  }

  async search(query: number, asked: Asked = {}): Promise<ShardSearchResult> {
    const { queries } = this.#shape.points;
    const vector = queries[query % queries.length] ?? new Float32Array();
    return this.#shard.search({ vector, k: K, ef: EF, with_payload: false, with_vector: false, ...asked });
  }

  /** Answers the seconds until a closed collection is open again and has answered a search. */
  async reopen(): Promise<number> {
    await this.#shard.close();
    const start = performance.now();
    this.#shard = await openShard(this.#shape);
    await this.search(0);
    return (performance.now() - start) / 1_000;
  }

  async close(): Promise<void> {
    await this.#shard.close();
  }
}

async function openShard({ directory, points, metric, gpu, efConstruction = 200 }: Shape): Promise<Shard> {
  const hnsw = { m: 16, ef_construction: efConstruction, ef_search: EF };
  const kind = gpu === undefined ? 'cpu' : 'gpu';
  const shard = await Shard.open({ directory, dimension: points.dimension, kind, metric, hnsw, gpu });
  shard.startBackground();
  return shard;
}
