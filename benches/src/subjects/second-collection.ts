import { VectorizerClient } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import type { Dataset } from '../data/dataset.ts';
import { BATCH, HNSW, PATIENCE_MS } from '../setting.ts';
import { settled } from './settled.ts';

const NAME = 'second';
const ROWS_MAX = 20_000;

/** A collection beside the one that is searched, whose replica is thrown away and built anew from its log. */
export class SecondCollection implements AsyncDisposable {
  readonly #client: VectorizerClient;
  readonly #url: string;
  readonly #replica: string;

  private constructor(client: VectorizerClient, place: { readonly url: string; readonly replica: string }) {
    this.#client = client;
    this.#url = place.url;
    this.#replica = place.replica;
  }

  static async make(url: string, { rows, dimension }: Dataset): Promise<SecondCollection> {
    const client = new VectorizerClient({ url });
    await client.createCollection({ name: NAME, dimension, metric: 'dot', hnsw: HNSW });
    const end = Math.min(rows.length, ROWS_MAX);
    for (let first = 0; first < end; first += BATCH) {
      const points = rows.slice(first, first + BATCH).map((vector, i) => ({ id: String(first + i), vector }));
      await client.upsert(NAME, points, { wait: 'logged' });
    }
    await settled(client, NAME, end);
    const { replicas } = await client.replication.status();
    const replica = replicas.find(({ collection }) => collection === NAME);
    if (replica === undefined) throw new Error('the monitor knows the replica');
    return new SecondCollection(client, { url, replica: replica.id });
  }

  /** Builds it anew, again and again until it is told to stop; what it costs afterwards is over when this returns. */
  async resyncUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const path = `/api/v1/replication/replicas/${encodeURIComponent(this.#replica)}/resync`;
      const answer = await fetch(`${this.#url}${path}`, { method: 'POST' });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      await until(async () => (await this.#following()) || signal.aborted, { timeoutMs: PATIENCE_MS });
    }
    await settled(this.#client, NAME, 0);
  }

  async #following(): Promise<boolean> {
    const { shards } = await this.#client.getCollection(NAME);
    return shards.every(({ replicas }) => replicas.every(({ phase }) => phase === 'following'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.deleteCollection(NAME);
    await this.#client.close();
  }
}
