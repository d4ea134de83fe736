import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { EF, numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { QueryService, type Asking } from '../subjects/query-service.ts';
import { worthwhileEf } from './cache-http.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

const MICROSECONDS = 1_000;
const ways = ['bypass', 'cached', 'fresh bypass', 'fresh'] as const satisfies readonly Asking[];

/**
 * The query service in this process: the same searches past the cache and from it, in turns; then searches that nobody
 * has asked before, past the cache and through it, which is what a miss costs.
 */
export async function benchCache(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const memory = await measured(engine, { dataset, rounds, tier: 'memory', ef: EF });
  return [
    figure('cache.service.uncached_us', 'µs', memory.bypass.with(microseconds(memory.bypass))),
    figure('cache.service.hit_us', 'µs', memory.cached.with(microseconds(memory.cached))),
    figure(
      'cache.service.speedup',
      'ratio',
      memory.cached.with(ratios(memory.cached.perSecond, memory.bypass.perSecond)),
    ),
    figure('cache.service.miss_us', 'µs', missCost(memory)),
    figure('cache.service.miss_overhead', 'ratio', overhead(memory)),
  ];
}

/** The same with Redis alone, of searches that take long enough: what is computed sooner than looked up is not kept there. */
export async function benchCacheRedis(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const trial = async (ef: number, milliseconds: number): Promise<readonly number[]> => {
    const [tried] = await measureInTurns([engine.search({ ef })], dataset.queries.length, milliseconds);
    return tried?.latenciesMs ?? [];
  };
  const shared = await measured(engine, { dataset, rounds, tier: 'shared', ef: await worthwhileEf(trial) });
  return [
    figure('cache.redis.uncached_us', 'µs', shared.bypass.with(microseconds(shared.bypass))),
    figure('cache.redis.hit_us', 'µs', shared.cached.with(microseconds(shared.cached))),
    figure(
      'cache.redis.speedup',
      'ratio',
      shared.cached.with(ratios(shared.cached.perSecond, shared.bypass.perSecond)),
    ),
    figure('cache.redis.miss_overhead', 'ratio', overhead(shared)),
  ];
}

type Ways = Readonly<Record<Asking, Series>>;
type Setting = {
  readonly dataset: Dataset;
  readonly rounds: Rounds;
  readonly tier: 'memory' | 'shared';
  readonly ef: number;
};

async function measured(engine: Engine, { dataset, rounds, tier, ef }: Setting): Promise<Ways> {
  await using service = await QueryService.open(engine, { dataset, tier, ef });
  const series = new Map(ways.map((way) => [way, new Series(dataset.truth)]));
  for (const round of numbered(rounds)) {
    // Misses may have had the cache find that it is of no use, as it should.
    await service.warm();
    for (const pair of [ways.slice(0, 2), ways.slice(2)]) {
      const searches = pair.map((way) => service.search(way));
      const results = await measureInTurns(searches, dataset.queries.length, rounds.milliseconds);
      if (round === 0) continue;
      for (const [i, way] of pair.entries()) {
        const result = results[i];
        if (result !== undefined) series.get(way)?.add(result);
      }
    }
  }
  return Object.fromEntries(series) as Ways;
}

function microseconds({ p50Ms }: Series): ReturnType<typeof spread> {
  return spread(p50Ms.map((ms) => ms * MICROSECONDS));
}

/** What a search that misses takes beyond one past the cache. */
function missCost(of: Ways): ReturnType<typeof spread> {
  return spread(of.fresh.p50Ms.map((ms, round) => (ms - (of['fresh bypass'].p50Ms[round] ?? NaN)) * MICROSECONDS));
}

/** By the time of all searches of a round, so that what is left for later counts as well. */
function overhead(of: Ways): ReturnType<typeof spread> {
  const { values } = ratios(of['fresh bypass'].perSecond, of.fresh.perSecond);
  return spread(values.map((value) => value - 1));
}
