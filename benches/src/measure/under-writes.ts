import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Server } from '../subjects/server.ts';
import { nudged, PACED_BATCH, writeAtRate } from './paced-writer.ts';
import { Series } from './series.ts';

const POINTS_PER_SECOND = 500;

/** Searches on one connection while existing points get new vectors, in turns with the same searches while nothing is written. */
export async function benchUnderWrites(server: Server, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const idle = new Series(dataset.truth);
  const busy = new Series(dataset.truth);
  const written: number[] = [];
  let next = 0;
  const writeBatch = async (): Promise<void> => {
    const rows = Array.from({ length: PACED_BATCH }, () => next++);
    const points = rows.map((row) => {
      const id = row % dataset.rows.length;
      return { id, vector: nudged(dataset.rows[id] ?? new Float32Array(), row) };
    });
    await server.upsert(points, 'logged');
  };
  for (const round of numbered(rounds)) {
    const quiet = await server.search(1, rounds.milliseconds);
    const stop = new AbortController();
    const writing = writeAtRate(POINTS_PER_SECOND, writeBatch, stop.signal);
    const disturbed = await server.search(1, rounds.milliseconds).finally(() => stop.abort());
    const rate = await writing;
    await server.settled();
    if (round === 0) continue;
    idle.add(quiet);
    busy.add(disturbed);
    written.push(rate);
  }
  return [
    figure('search.under_writes.p99_ms', 'ms', busy.with(spread(busy.p99Ms))),
    figure('search.under_writes.p99_ratio', 'ratio', busy.with(ratios(busy.p99Ms, idle.p99Ms))),
    figure('search.under_writes.written_per_s', 'points/s', spread(written)),
  ];
}
