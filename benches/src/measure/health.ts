import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { quantile, spread } from '../outcome/statistics.ts';
import { HNSW, numbered, WRITERS, type Rounds } from '../setting.ts';
import { runHttpLoad } from '../subjects/run-http-load.ts';
import { bodiesOf } from './accept.ts';

const COLLECTION = 'health';
/** A probe looks once in a while; ten looks a second are more than any. */
const LOOK_MS = 100;

/** Asks for the health of the whole while as many batches are written as are taken. */
export async function benchHealth(url: string, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using client = new VectorizerClient({ url });
  await client.createCollection({ name: COLLECTION, dimension: dataset.dimension, metric: 'dot', hnsw: HNSW });
  const p99: number[] = [];
  for (const round of numbered(rounds)) {
    const written = runHttpLoad({
      origin: url,
      path: `/api/v1/collections/${COLLECTION}/vectors?wait=logged`,
      method: 'PUT',
      bodies: bodiesOf(dataset),
      connections: WRITERS,
      milliseconds: Math.max(rounds.milliseconds, 100 * LOOK_MS),
    });
    let over = false;
    void written.finally(() => (over = true)).catch(() => undefined);
    const latenciesMs = await look(url, () => over);
    await written;
    if (round > 0) p99.push(quantile(latenciesMs, 0.99));
  }
  await client.deleteCollection(COLLECTION);
  return [figure('health.under_writes.p99_ms', 'ms', spread(p99))];
}

async function look(url: string, isOver: () => boolean): Promise<number[]> {
  const latenciesMs: number[] = [];
  while (!isOver()) {
    const start = performance.now();
    await (await fetch(`${url}/health`)).text();
    latenciesMs.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, LOOK_MS - (performance.now() - start))));
  }
  return latenciesMs;
}
