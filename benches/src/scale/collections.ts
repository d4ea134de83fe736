import { VectorizerClient } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { syntheticDataset, type Dataset } from '../data/dataset.ts';
import { wholeOf } from '../data/spans.ts';
import { Series } from '../measure/series.ts';
import { figure, once, type Result } from '../outcome/result.ts';
import { quantile, ratios, spread } from '../outcome/statistics.ts';
import { numbered, PATIENCE_MS, type Rounds } from '../setting.ts';
import { Server } from '../subjects/server.ts';
import { startSystem } from '../subjects/system.ts';
import type { ScaleRun } from './part.ts';

const COUNT = 1_000;
const QUICK_COUNT = 50;
const DIMENSION = 128;
/** Of the collection that is searched, and of each of the others. */
const ROWS = 1_000;
const ROWS_EACH = 10;
/** Collections that are made at once. */
const MAKERS = 8;

/**
 * A thousand collections on one standalone server: what it takes to make each, what memory they hold, how a search of one
 * of them is slower for the others, and how long the server takes to be back with all of them.
 */
export async function scaleCollections({ quick, rounds, progress }: ScaleRun): Promise<Result[]> {
  const count = quick ? QUICK_COUNT : COUNT;
  const dataset = syntheticDataset({ rows: ROWS, queries: 100, dimension: DIMENSION, seed: 1 });
  await using system = await progress.phase('collections: start', () => startSystem());
  await using server = new Server(system.url, dataset);
  await using client = new VectorizerClient({ url: system.url });
  await server.create();
  await server.fill(wholeOf(dataset.rows));
  const alone = await progress.phase('collections: one', () => searched(server, dataset, rounds));
  const before = { server: system.ownMb(), log: system.logServerMb() };
  const start = performance.now();
  const makeMs = await progress.phase(`collections: making ${count}`, () => make(client, { dataset, count }));
  const madeS = (performance.now() - start) / 1_000;
  const after = { server: system.ownMb(), log: system.logServerMb() };
  const among = await progress.phase('collections: one among all', () => searched(server, dataset, rounds));
  const readyS = await progress.phase('collections: restart', async () => {
    const from = performance.now();
    await system.restart();
    await answered(client, count);
    return (performance.now() - from) / 1_000;
  });
  return [
    once('scale.collections.count', '', count),
    once('scale.collections.make_s', 's', madeS),
    once('scale.collections.make_p50_ms', 'ms', quantile(makeMs, 0.5)),
    once('scale.collections.make_p99_ms', 'ms', quantile(makeMs, 0.99)),
    once('scale.collections.memory_mb', 'MB', after.server),
    once('scale.collections.memory_mb_each', 'MB', (after.server - before.server) / count),
    once('scale.collections.log_server.memory_mb_each', 'MB', (after.log - before.log) / count),
    figure('scale.collections.search_p50_ms', 'ms', among.with(spread(among.p50Ms))),
    figure('scale.collections.search_p50_ratio', 'ratio', among.with(ratios(among.p50Ms, alone.p50Ms))),
    once('scale.collections.restart_s', 's', readyS),
  ];
}

/** On one connection. */
async function searched(server: Server, { truth }: Dataset, rounds: Rounds): Promise<Series> {
  const series = new Series(truth);
  for (const round of numbered(rounds)) {
    const measured = await server.search(1, rounds.milliseconds);
    if (round > 0) series.add(measured);
  }
  return series;
}

type Order = { readonly dataset: Dataset; readonly count: number };

/** Makes them, each with a few points that are applied; answers the milliseconds that each took to be made. */
async function make(client: VectorizerClient, { dataset, count }: Order): Promise<number[]> {
  const points = dataset.rows.slice(0, ROWS_EACH).map((vector, i) => ({ id: String(i), vector }));
  const makeMs: number[] = [];
  let next = 0;
  const maker = async (): Promise<void> => {
    while (next < count) {
      const name = nameOf(next++);
      const start = performance.now();
      await client.createCollection({ name, dimension: DIMENSION, metric: 'dot' });
      makeMs.push(performance.now() - start);
      const { failed } = await client.upsert(name, points);
      if (failed > 0) throw new Error(`${failed} of ${points.length} points were refused by ${name}`);
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, maker));
  return makeMs;
}

/** Every one of them has its points. */
async function answered(client: VectorizerClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const all = async (): Promise<boolean> => (await client.count(nameOf(i))).count === ROWS_EACH;
    await until(all, { timeoutMs: PATIENCE_MS, what: `the points of ${nameOf(i)}` });
  }
}

function nameOf(i: number): string {
  return `many-${i}`;
}
