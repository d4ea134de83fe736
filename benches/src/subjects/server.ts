import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import type { Filled, Span } from '../measure/fill.ts';
import { SecondCollection } from './second-collection.ts';
import { settled } from './settled.ts';
import { runHttpLoad } from './run-http-load.ts';
import type { Measured } from '../measure/search-loop.ts';
import { BATCH, EF, HNSW, K, WRITERS } from '../setting.ts';

export const COLLECTION = 'bench';

type SearchHow = { readonly ef?: number; readonly cache?: boolean; readonly perSecond?: number };
type Division = { readonly shards?: number; readonly replication_factor?: number };

/** A collection of a standalone server, reached through HTTP as a client does. */
export class Server implements Filled, AsyncDisposable {
  readonly name = 'server';
  readonly #client: VectorizerClient;
  /** Has seen no write, so that its searches carry no token. */
  readonly #reader: VectorizerClient;
  readonly #url: string;
  readonly #dataset: Dataset;

  constructor(url: string, dataset: Dataset) {
    this.#url = url;
    this.#dataset = dataset;
    this.#client = new VectorizerClient({ url });
    this.#reader = new VectorizerClient({ url });
  }

  /** Makes the collection that `fill` and `search` work on. */
  async create(division: Division = {}): Promise<void> {
    const { dimension } = this.#dataset;
    await this.#client.createCollection({ name: COLLECTION, dimension, metric: 'dot', hnsw: HNSW, ...division });
  }

  async drop(): Promise<void> {
    await this.#client.deleteCollection(COLLECTION);
  }

  /** Writes the rows; answers the milliseconds from the first write until all of them are in the graph. */
  async fill({ start, end }: Span): Promise<number> {
    const from = performance.now();
    let next = start;
    const writer = async (): Promise<void> => {
      while (next < end) {
        const row = next;
        next = Math.min(end, row + BATCH);
        const points = this.#dataset.rows
          .slice(row, next)
          .map((vector, i) => ({ id: String(row + i), vector, payload: payloadOf(row + i) }));
        const { failed } = await this.#client.upsert(COLLECTION, points, { wait: 'logged' });
        if (failed > 0) throw new Error(`${failed} of ${points.length} points were refused`);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    await settled(this.#client, COLLECTION, end);
    return performance.now() - from;
  }

  /** Past the cache unless told otherwise: this is about searching. */
  async search(connections: number, milliseconds: number, how: SearchHow = {}): Promise<Measured> {
    const { ef = EF, cache = false, perSecond } = how;
    const { answers, ...measured } = await runHttpLoad({
      origin: this.#url,
      path: `/api/v1/collections/${COLLECTION}/search`,
      method: 'POST',
      bodies: this.#dataset.queries.map((query) =>
        JSON.stringify({ vector: base64(query), k: K, ef, with_payload: false }),
      ),
      connections,
      milliseconds,
      ...(perSecond === undefined ? {} : { perSecond }),
      ...(cache ? {} : { headers: { 'cache-control': 'no-cache' } }),
    });
    return { ...measured, found: new Map(answers.map(({ body, text }) => [body, rowsOf(text)])) };
  }

  /** Writes a point, waiting only for the log, and reads it with the token of that; answers the milliseconds of the read. */
  async readAfterWrite(point: { readonly id: number; readonly vector: Float32Array }): Promise<number> {
    await this.upsert([point], 'logged');
    const start = performance.now();
    await this.#client.get(COLLECTION, { ids: [String(point.id)], with_vector: false });
    return performance.now() - start;
  }

  /** The milliseconds of a read that demands nothing. */
  async readAtOnce(): Promise<number> {
    const start = performance.now();
    await this.#client.get(COLLECTION, { ids: ['0'], with_vector: false, consistency: 'eventual' });
    return performance.now() - start;
  }

  async upsert(
    points: readonly { readonly id: number; readonly vector: Float32Array }[],
    wait: 'logged' | 'applied',
  ): Promise<void> {
    const named = points.map(({ id, vector }) => ({ id: String(id), vector, payload: payloadOf(id) }));
    const { failed } = await this.#client.upsert(COLLECTION, named, { wait });
    if (failed > 0) throw new Error(`${failed} of ${points.length} points were refused`);
  }

  /** Whether a search that waits for nothing finds the point by its vector. */
  async finds(vector: Float32Array, id: number): Promise<boolean> {
    const asked = { vector, k: K, ef: EF, with_payload: false, consistency: 'eventual' } as const;
    const { hits } = await this.#reader.search(COLLECTION, asked, { cache: false });
    return hits.some((hit) => hit.id === String(id));
  }

  /** Beside this one, of some of its rows. */
  async secondCollection(): Promise<SecondCollection> {
    return SecondCollection.make(this.#url, this.#dataset);
  }

  /** Everything that was written is in the graph. */
  async settled(): Promise<void> {
    await settled(this.#client, COLLECTION, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#reader.close();
  }
}

export function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function rowsOf(text: string): number[] {
  const answer = JSON.parse(text) as { readonly hits: readonly { readonly id: string }[] };
  return answer.hits.map((hit) => Number(hit.id));
}
