import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import { figure, type Result } from '../outcome/result.ts';
import { runHttpLoad } from '../subjects/run-http-load.ts';
import { base64 } from '../subjects/server.ts';
import { BATCH, HNSW, numbered, WRITERS, type Rounds } from '../setting.ts';
import { quantile, spread } from '../outcome/statistics.ts';

/** Rows that the bodies are made of; they are sent over and over. */
const ROWS_MAX = 20_000;

/** Writes batches that are answered once the log has them on disk (`wait=logged`). */
export async function benchAccept(url: string, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using client = new VectorizerClient({ url });
  const bodies = bodiesOf(dataset);
  const accepted: number[] = [];
  const p99: number[] = [];
  for (const round of numbered(rounds)) {
    const collection = `accepted-${round}`;
    await client.createCollection({ name: collection, dimension: dataset.dimension, metric: 'dot', hnsw: HNSW });
    const { perSecond, latenciesMs } = await runHttpLoad({
      origin: url,
      path: `/api/v1/collections/${collection}/vectors?wait=logged`,
      method: 'PUT',
      bodies,
      connections: WRITERS,
      milliseconds: rounds.milliseconds,
    });
    // Dropped before the backlog is applied: this measures the log, and the next round starts even.
    await client.deleteCollection(collection);
    if (round === 0) continue;
    accepted.push(perSecond * BATCH);
    p99.push(quantile(latenciesMs, 0.99));
  }
  return [
    figure('ingest.accepted_per_s', 'points/s', spread(accepted)),
    figure('ingest.accepted.p99_ms', 'ms', spread(p99)),
  ];
}

/** Batches to write, over and over. */
export function bodiesOf({ rows }: Dataset): string[] {
  const bodies: string[] = [];
  for (let start = 0; start + BATCH <= Math.min(rows.length, ROWS_MAX); start += BATCH) {
    const points = rows
      .slice(start, start + BATCH)
      .map((row, i) => ({ id: String(start + i), vector: base64(row), payload: payloadOf(start + i) }));
    bodies.push(JSON.stringify({ points }));
  }
  return bodies;
}
