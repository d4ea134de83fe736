import { join } from 'node:path';
import { temporaryDirectory } from '@vectorizer/testing';
import { exactTop, syntheticDataset, type Dataset } from '../data/dataset.ts';
import { wholeOf } from '../data/spans.ts';
import { measureInTurns } from '../measure/search-loop.ts';
import { Series } from '../measure/series.ts';
import { figure, once, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { diskMb } from '../peers/servers/processes.ts';
import { K, numbered, type Rounds } from '../setting.ts';
import { Engine } from '../subjects/engine.ts';
import { heldMemoryMb } from '../subjects/run-held-memory.ts';
import { fittedGrowth } from './growth.ts';
import type { ScaleRun } from './part.ts';

const SIZES = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000] as const;
const DIMENSION = 128;
const QUICK_MAX = 10_000;
/** One size of long vectors, to tell what a component costs. */
const LONG = { dimension: 768, rows: 100_000, quickRows: 1_000 } as const;
const QUERIES = 100;
const WARM_UP_ROWS = 1_000;
const WARM_UP_MS = 300;
const RESTARTS = 3;

/**
 * One engine that grows: at each size a search's time at a fixed ef with its recall, a point's insertion, and what the
 * replica takes in memory and on disk and to be opened again. Then how each of them grows.
 */
export async function scaleSize({ quick, rounds, pointsMax, progress }: ScaleRun): Promise<Result[]> {
  await using directory = await temporaryDirectory();
  await progress.phase('size: warming up', () => warmUp(join(directory.path, 'warm')));
  const most = quick ? Math.min(QUICK_MAX, pointsMax) : pointsMax;
  const sizes = SIZES.filter((size) => size <= most);
  const results: Result[] = [];
  const long = { sizes: [quick ? LONG.quickRows : LONG.rows], dimension: LONG.dimension };
  for (const { sizes: all, dimension } of [{ sizes, dimension: DIMENSION }, long]) {
    const dataset = syntheticDataset({ rows: all.at(-1) ?? 0, queries: QUERIES, dimension, seed: 1 });
    const engine = await Engine.open({
      directory: join(directory.path, `${dimension}`),
      dataset,
      kind: 'cpu',
      searchDelayMs: 0,
    });
    let held = 0;
    for (const size of all) {
      const span = { start: held, end: size };
      results.push(
        ...(await progress.phase(`size: ${size} × ${dimension}`, () => measureAt(engine, { dataset, span, rounds }))),
      );
      held = size;
    }
    await engine.close();
  }
  return [...results, ...fittedGrowth(results, `scale.size.d${DIMENSION}`)];
}

/** Code that has run often is compiled: the first size is not to pay for that. */
async function warmUp(directory: string): Promise<void> {
  const dataset = syntheticDataset({ rows: WARM_UP_ROWS, queries: QUERIES, dimension: DIMENSION, seed: 2 });
  const engine = await Engine.open({ directory, dataset, kind: 'cpu', searchDelayMs: 0 });
  await engine.fill(wholeOf(dataset.rows));
  await measureInTurns([engine.search()], QUERIES, WARM_UP_MS);
  await engine.close();
}

type Step = {
  readonly dataset: Dataset;
  readonly span: { readonly start: number; readonly end: number };
  readonly rounds: Rounds;
};

/** `scale.size.d128.n1000.search_us` and so on. */
async function measureAt(engine: Engine, { dataset, span, rounds }: Step): Promise<Result[]> {
  const name = `scale.size.d${dataset.dimension}.n${span.end}`;
  const insertUs = await fill(engine, span);
  const series = new Series(truthOf(dataset, span.end));
  for (const round of numbered(rounds)) {
    const [measured] = await measureInTurns([engine.search()], QUERIES, rounds.milliseconds);
    if (round > 0 && measured !== undefined) series.add(measured);
  }
  await engine.saveGraph();
  const { dimension } = dataset;
  const { directory, kind } = engine;
  let [heldMb, onDiskMb] = [NaN, NaN];
  const meanwhile = async (): Promise<void> => {
    heldMb = await heldMemoryMb({ directory, dimension, kind });
    onDiskMb = await diskMb(directory);
  };
  const readyS = [await engine.reopen({ meanwhile })];
  while (readyS.length < RESTARTS) readyS.push(await engine.reopen());
  return [
    figure(`${name}.search_us`, 'µs', series.with(spread(series.p50Ms.map((ms) => 1_000 * ms)))),
    once(`${name}.insert_us`, 'µs', insertUs),
    once(`${name}.memory_mb`, 'MB', heldMb),
    once(`${name}.memory_bytes_per_point`, 'B', (heldMb * 2 ** 20) / span.end),
    once(`${name}.disk_mb`, 'MB', onDiskMb),
    once(`${name}.disk_bytes_per_point`, 'B', (onDiskMb * 2 ** 20) / span.end),
    figure(`${name}.restart_s`, 's', spread(readyS)),
  ];
}

/** Processor time of all threads for a point of the span, until it is in the graph and on disk: others that want the machine do not count. */
async function fill(engine: Engine, span: Step['span']): Promise<number> {
  const before = process.cpuUsage();
  await engine.fill(span);
  await engine.drained();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (span.end - span.start);
}

function truthOf({ rows, queries, truth }: Dataset, size: number): Dataset['truth'] {
  if (size === rows.length) return truth;
  const held = rows.slice(0, size);
  return queries.map((query) => exactTop(held, query, { k: K }));
}
