import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { quantile, ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Server } from '../subjects/server.ts';
import { Series } from './series.ts';

/** Searches that take so long are worth a cache. */
const WORTHWHILE_MS = 2;
const EFS = [64, 128, 256, 512, 1_024, 2_048, 4_096, 10_000] as const;
const TRIAL_MS = 300;
/** What has just been filled is searched at half its speed at first, and would be taken for slow. */
const WARM_UP_MS = 2_000;
/** On a busy machine the quickest is what a search takes alone. */
const QUIET = 0;

/** Over one HTTP connection: searches that take two milliseconds, past the cache and from it, in turns. */
export async function benchCacheHttp(server: Server, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const ef = await worthwhileEf(async (each, milliseconds) => {
    const { latenciesMs } = await server.search(1, milliseconds, { ef: each });
    return latenciesMs;
  });
  const uncached = new Series(dataset.truth);
  const cached = new Series(dataset.truth);
  for (const round of numbered(rounds)) {
    const past = await server.search(1, rounds.milliseconds, { ef });
    const from = await server.search(1, rounds.milliseconds, { ef, cache: true });
    if (round === 0) continue;
    uncached.add(past);
    cached.add(from);
  }
  return [
    figure('cache.http.uncached_p50_ms', 'ms', uncached.with(spread(uncached.p50Ms))),
    figure('cache.http.hit_p50_ms', 'ms', cached.with(spread(cached.p50Ms))),
    figure('cache.http.speedup', 'ratio', cached.with(ratios(uncached.p50Ms, cached.p50Ms))),
  ];
}

/** The lowest ef at which a search takes long enough to be worth a cache; `trial` answers the latencies of some. */
export async function worthwhileEf(
  trial: (ef: number, milliseconds: number) => Promise<readonly number[]>,
): Promise<number> {
  await trial(EFS[0], WARM_UP_MS);
  for (const ef of EFS) {
    if (quantile([...(await trial(ef, TRIAL_MS))], QUIET) >= WORTHWHILE_MS) return ef;
  }
  return EFS[EFS.length - 1] ?? 64;
}

/** What a read waits for a write that its token names and that is only logged, beside a read that demands nothing. */
export async function benchTokenWait(server: Server, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const waits: number[] = [];
  for (const round of numbered(rounds)) {
    const extra: number[] = [];
    for (let i = 0; i < rounds.repeats; i++) {
      const vector = dataset.rows[i % dataset.rows.length] ?? new Float32Array();
      extra.push((await server.readAfterWrite({ id: i % dataset.rows.length, vector })) - (await server.readAtOnce()));
    }
    if (round > 0) waits.push(quantile(extra, 0.5));
  }
  return [figure('read.token_wait_p50_ms', 'ms', spread(waits))];
}
