import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Server } from '../subjects/server.ts';
import { Series } from './series.ts';

/** Searches on one connection while a replica of another collection is built anew, in turns with the same searches while it is not. */
export async function benchWhileSyncing(server: Server, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const idle = new Series(dataset.truth);
  const busy = new Series(dataset.truth);
  await using other = await server.secondCollection();
  for (const round of numbered(rounds)) {
    const quiet = await server.search(1, rounds.milliseconds);
    const stop = new AbortController();
    const syncing = other.resyncUntil(stop.signal);
    const disturbed = await server.search(1, rounds.milliseconds).finally(() => stop.abort());
    await syncing;
    if (round === 0) continue;
    idle.add(quiet);
    busy.add(disturbed);
  }
  return [
    figure('sync.search_p99_ms', 'ms', busy.with(spread(busy.p99Ms))),
    figure('sync.search_p99_ratio', 'ratio', busy.with(ratios(busy.p99Ms, idle.p99Ms))),
  ];
}
