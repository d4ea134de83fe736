import type { Kind } from '@vectorizer/contracts';
import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import { updatePrefix, WAITS } from '../kinds.ts';
import { figure, type Result } from '../outcome/result.ts';
import { quantile, ratios, spread } from '../outcome/statistics.ts';
import { BATCH, HNSW, numbered, type Rounds } from '../setting.ts';
import { settled } from '../subjects/settled.ts';

/** Of the collection that is changed; what a change costs until it is answered does not depend on it. */
const ROWS_MAX = 5_000;
/** A machine whose disk is busy takes tenths of a second for each write. */
const TURNS_MS_MAX = 2_000;
const TURNS_MIN = 5;

/**
 * A point's vector is replaced: by `PUT /vectors/{id}`, which keeps the payload, against `DELETE /vectors/{id}` and then
 * `POST /vectors`, which have to bring the payload again. As a client sends them, one after the other on one connection,
 * alternating point by point. A round's figure is of the medians of its latencies.
 */
export async function benchUpdateHttp(
  { url, kind }: { readonly url: string; readonly kind: Kind },
  dataset: Dataset,
  rounds: Rounds,
): Promise<Result[]> {
  await using client = new VectorizerClient({ url });
  const writer = new Writer(client, { collection: `update-${kind}`, dataset });
  await writer.create(kind);
  const series = WAITS.map((wait) => ({ wait, update: [] as number[], both: [] as number[] }));
  for (const round of numbered(rounds)) {
    for (const { wait, update, both } of series) {
      const updates: number[] = [];
      const pairs: number[] = [];
      const end = performance.now() + TURNS_MS_MAX;
      for (let i = 0; i < rounds.repeats && (i < TURNS_MIN || performance.now() < end); i++) {
        updates.push(await writer.update(wait));
        pairs.push(await writer.deleteAndInsert(wait));
      }
      if (round === 0) continue;
      update.push(quantile(updates, 0.5));
      both.push(quantile(pairs, 0.5));
    }
    await writer.settled();
  }
  return series.flatMap(({ wait, update, both }) => {
    const name = `${updatePrefix(kind)}.http.${wait}`;
    return [
      figure(`${name}.ms`, 'ms', spread(update)),
      figure(`${name}.delete_insert_ms`, 'ms', spread(both)),
      figure(`${name}.speedup`, 'ratio', ratios(both, update)),
    ];
  });
}

type Wait = (typeof WAITS)[number];

class Writer {
  readonly #client: VectorizerClient;
  readonly #collection: string;
  readonly #rows: readonly Float32Array[];
  readonly #dimension: number;
  #next = 0;

  constructor(client: VectorizerClient, { collection, dataset }: { collection: string; dataset: Dataset }) {
    this.#client = client;
    this.#collection = collection;
    this.#rows = dataset.rows.slice(0, ROWS_MAX);
    this.#dimension = dataset.dimension;
  }

  async create(kind: Kind): Promise<void> {
    const name = this.#collection;
    const graph = kind === 'quantized' ? {} : { hnsw: HNSW };
    await this.#client.createCollection({ name, dimension: this.#dimension, metric: 'dot', kind, ...graph });
    for (let row = 0; row < this.#rows.length; row += BATCH) {
      const points = this.#rows
        .slice(row, row + BATCH)
        .map((vector, i) => ({ id: String(row + i), vector, payload: payloadOf(row + i) }));
      await this.#client.upsert(name, points);
    }
    await this.settled();
  }

  async settled(): Promise<void> {
    await settled(this.#client, this.#collection, this.#rows.length);
  }

  async update(wait: Wait): Promise<number> {
    const { id, vector } = this.#change();
    const start = performance.now();
    await this.#client.update(this.#collection, { id, vector }, { wait });
    return performance.now() - start;
  }

  async deleteAndInsert(wait: Wait): Promise<number> {
    const point = this.#change();
    const start = performance.now();
    await this.#client.deleteOne(this.#collection, { id: point.id }, { wait });
    await this.#client.insert(this.#collection, [point], { wait });
    return performance.now() - start;
  }

  /** The next point, with the vector of another. */
  #change(): { id: string; vector: Float32Array; payload: Readonly<Record<string, number>> } {
    const row = this.#next++ % this.#rows.length;
    // Another one each time round, so that no update leaves a vector as it was.
    const source = (row + 1 + Math.floor(this.#next / this.#rows.length)) % this.#rows.length;
    return { id: String(row), vector: this.#rows[source] ?? new Float32Array(), payload: payloadOf(row) };
  }
}
