import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { QueryService, type Asking } from '../subjects/query-service.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

const MICROSECONDS = 1_000;
const ways = ['bypass', 'cached', 'fresh bypass', 'fresh'] as const satisfies readonly Asking[];

/**
 * The query service in this process: the same searches past the cache and from it, in turns; then searches that nobody
 * has asked before, past the cache and through it, which is what a miss costs. And the same with Redis alone.
 */
export async function benchCache(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const memory = await measured(engine, { dataset, rounds, tier: 'memory' });
  const shared = await measured(engine, { dataset, rounds, tier: 'shared' });
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
type Setting = { readonly dataset: Dataset; readonly rounds: Rounds; readonly tier: 'memory' | 'shared' };

async function measured(engine: Engine, { dataset, rounds, tier }: Setting): Promise<Ways> {
  await using service = await QueryService.open(engine, dataset, tier);
  await service.warm();
  const series = new Map(ways.map((way) => [way, new Series(dataset.truth)]));
  for (const round of numbered(rounds)) {
    const searches = ways.map((way) => service.search(way));
    const results = await measureInTurns(searches, dataset.queries.length, rounds.milliseconds);
    if (round === 0) continue;
    for (const [i, way] of ways.entries()) {
      const result = results[i];
      if (result !== undefined) series.get(way)?.add(result);
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
