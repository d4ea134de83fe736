import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { measureInTurns, type Measured, type Search } from './search-loop.ts';
import type { Server } from '../subjects/server.ts';
import { numbered, type Rounds } from '../setting.ts';
import { Series } from './series.ts';
import { ratios, spread } from '../outcome/statistics.ts';

/** Those that are not there are not measured. */
export type Searched = {
  readonly bare: Search | undefined;
  readonly engine: Search | undefined;
  readonly server: Server | undefined;
};

/**
 * The same searches, round by round in one run: hnswlib-node in this process, the engine in this process, and the
 * server over 1, 8 and 32 connections.
 */
export async function benchSearch(subjects: Searched, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const series = {
    bare: new Series(dataset.truth),
    engine: new Series(dataset.truth),
    http1: new Series(dataset.truth),
    http8: new Series(dataset.truth),
    http32: new Series(dataset.truth),
  };
  const local = (['bare', 'engine'] as const).flatMap((name) => {
    const search = subjects[name];
    return search === undefined ? [] : [{ name, search }];
  });
  for (const round of numbered(rounds)) {
    const measured: [keyof typeof series, Measured][] = [];
    const searches = local.map(({ search }) => search);
    for (const [i, result] of (await measureInTurns(searches, dataset.queries.length, rounds.milliseconds)).entries()) {
      const name = local[i]?.name;
      if (name !== undefined) measured.push([name, result]);
    }
    if (subjects.server !== undefined) {
      measured.push(['http1', await subjects.server.search(1, rounds.milliseconds)]);
      measured.push(['http8', await subjects.server.search(8, rounds.milliseconds)]);
      measured.push(['http32', await subjects.server.search(32, rounds.milliseconds)]);
    }
    if (round > 0) for (const [name, result] of measured) series[name].add(result);
  }
  return resultsOf(series);
}

type Name = 'bare' | 'engine' | 'http1' | 'http8' | 'http32';

function resultsOf({ bare, engine, http1, http8, http32 }: Record<Name, Series>): Result[] {
  const overhead = http1.p50Ms.map((ms, round) => ms - (engine.p50Ms[round] ?? NaN));
  return [
    figure('search.bare', '1/s', bare.with(spread(bare.perSecond))),
    figure('search.engine', '1/s', engine.with(spread(engine.perSecond))),
    figure('search.engine.share_of_bare', 'ratio', engine.with(ratios(engine.perSecond, bare.perSecond))),
    figure('search.http1.qps', '1/s', http1.with(spread(http1.perSecond))),
    figure('search.http1.p50_ms', 'ms', http1.with(spread(http1.p50Ms))),
    figure('search.http1.p99_ms', 'ms', http1.with(spread(http1.p99Ms))),
    figure('search.http1.overhead_ms', 'ms', http1.with(spread(overhead))),
    figure('search.http8.qps', '1/s', http8.with(spread(http8.perSecond))),
    figure('search.http8.p99_ms', 'ms', http8.with(spread(http8.p99Ms))),
    figure('search.http8.share_of_bare', 'ratio', http8.with(ratios(http8.perSecond, bare.perSecond))),
    figure('search.http32.qps', '1/s', http32.with(spread(http32.perSecond))),
    figure('search.http32.p99_ms', 'ms', http32.with(spread(http32.p99Ms))),
    figure('search.http32.share_of_bare', 'ratio', http32.with(ratios(http32.perSecond, bare.perSecond))),
  ];
}
