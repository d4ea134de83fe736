import { until } from '@vectorizer/testing';
import { syntheticDataset } from '../data/dataset.ts';
import { wholeOf } from '../data/spans.ts';
import { Series } from '../measure/series.ts';
import { FULL, QUICK } from '../options.ts';
import { figure, once, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, PATIENCE_MS } from '../setting.ts';
import { IdleConnections } from '../subjects/idle-connections.ts';
import { Server } from '../subjects/server.ts';
import { startSystem } from '../subjects/system.ts';
import { openFilesMax } from '../subjects/taken.ts';
import type { ScaleRun } from './part.ts';

/** A server takes 10,000 in all: some are left for those who search, and who ask how it is. */
const COUNT = 9_900;
const QUICK_COUNT = 1_000;
const DIMENSION = 128;
const SEARCHING = 8;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 512;

/**
 * Searches on eight connections of a standalone server, without and with thousands of idle keep-alive connections beside
 * them, in turns; and what memory each of these takes.
 */
export async function scaleConnections({ quick, rounds, progress }: ScaleRun): Promise<Result[]> {
  const count = quick ? QUICK_COUNT : COUNT;
  const most = openFilesMax('self');
  if (most < count + OTHER_FILES) {
    throw new Error(`${count} connections need as many open files, and this process may have ${most}: see ulimit -n`);
  }
  const dataset = syntheticDataset({ ...(quick ? QUICK : FULL).size, dimension: DIMENSION });
  await using system = await progress.phase('connections: start', () => startSystem());
  await using server = new Server(system.url, dataset);
  await server.create();
  await progress.phase('connections: fill', () => server.fill(wholeOf(dataset.rows)));
  const [without, beside] = [new Series(dataset.truth), new Series(dataset.truth)];
  const bytesEach: number[] = [];
  await progress.phase(`connections: without and with ${count}`, async () => {
    for (const round of numbered(rounds)) {
      const quiet = await server.search(SEARCHING, rounds.milliseconds);
      const before = system.ownMb();
      const openFiles = system.openFiles();
      const idle = await IdleConnections.open(system.url, count);
      const after = system.ownMb();
      const busy = await server.search(SEARCHING, rounds.milliseconds);
      if (idle.lost > 0) throw new Error(`the server closed ${idle.lost} of ${count} connections`);
      idle.close();
      const closed = (): boolean => system.openFiles() <= openFiles + SEARCHING;
      await until(closed, { timeoutMs: PATIENCE_MS, what: 'the end of the connections' });
      // Later rounds find the memory that the first has left.
      if (round === 0) bytesEach.push(((after - before) * 2 ** 20) / count);
      else {
        without.add(quiet);
        beside.add(busy);
      }
    }
  });
  return [
    once('scale.connections.count', '', count),
    figure('scale.connections.bytes_each', 'B', spread(bytesEach)),
    figure('scale.connections.without.p50_ms', 'ms', without.with(spread(without.p50Ms))),
    figure('scale.connections.without.p99_ms', 'ms', without.with(spread(without.p99Ms))),
    figure('scale.connections.beside.p50_ms', 'ms', beside.with(spread(beside.p50Ms))),
    figure('scale.connections.beside.p99_ms', 'ms', beside.with(spread(beside.p99Ms))),
    figure('scale.connections.p50_ratio', 'ratio', beside.with(ratios(beside.p50Ms, without.p50Ms))),
    figure('scale.connections.p99_ratio', 'ratio', beside.with(ratios(beside.p99Ms, without.p99Ms))),
  ];
}
