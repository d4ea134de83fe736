import { recall, type Dataset } from './dataset.ts';
import { figure, type Result } from './report.ts';
import { measureInTurns, type Measured, type Search } from './search-loop.ts';
import type { Server } from './server.ts';
import { K, type Rounds } from './setting.ts';
import { quantile, ratios, spread, type Spread } from './statistics.ts';

/** Those that are not there are not measured. */
export type Searched = {
  readonly bare: Search | undefined;
  readonly engine: Search | undefined;
  readonly server: Server | undefined;
};

/**
 * The same searches, round by round in one run: hnswlib-node in this process, the engine in this process, and the
 * server over 1 and over 32 connections.
 */
export async function benchSearch(subjects: Searched, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const series = {
    bare: new Series(dataset),
    engine: new Series(dataset),
    http1: new Series(dataset),
    http32: new Series(dataset),
  };
  const local = (['bare', 'engine'] as const).flatMap((name) => {
    const search = subjects[name];
    return search === undefined ? [] : [{ name, search }];
  });
  for (let round = 0; round <= rounds.count; round++) {
    const measured: [keyof typeof series, Measured][] = [];
    const searches = local.map(({ search }) => search);
    for (const [i, result] of measureInTurns(searches, dataset.queries.length, rounds.milliseconds).entries()) {
      const name = local[i]?.name;
      if (name !== undefined) measured.push([name, result]);
    }
    if (subjects.server !== undefined) {
      measured.push(['http1', await subjects.server.search(1, rounds.milliseconds)]);
      measured.push(['http32', await subjects.server.search(32, rounds.milliseconds)]);
    }
    if (round > 0) for (const [name, result] of measured) series[name].add(result);
  }
  return resultsOf(series);
}

function resultsOf({ bare, engine, http1, http32 }: Record<'bare' | 'engine' | 'http1' | 'http32', Series>): Result[] {
  const overhead = http1.p50Ms.map((ms, round) => ms - (engine.p50Ms[round] ?? NaN));
  return [
    figure('search.bare', '1/s', bare.with(spread(bare.perSecond))),
    figure('search.engine', '1/s', engine.with(spread(engine.perSecond))),
    figure('search.engine.share_of_bare', 'ratio', engine.with(ratios(engine.perSecond, bare.perSecond))),
    figure('search.http1.qps', '1/s', http1.with(spread(http1.perSecond))),
    figure('search.http1.p50_ms', 'ms', http1.with(spread(http1.p50Ms))),
    figure('search.http1.p99_ms', 'ms', http1.with(spread(http1.p99Ms))),
    figure('search.http1.overhead_ms', 'ms', http1.with(spread(overhead))),
    figure('search.http32.qps', '1/s', http32.with(spread(http32.perSecond))),
    figure('search.http32.p99_ms', 'ms', http32.with(spread(http32.p99Ms))),
    figure('search.http32.share_of_bare', 'ratio', http32.with(ratios(http32.perSecond, bare.perSecond))),
  ];
}

/** One way of searching, round by round. */
class Series {
  readonly perSecond: number[] = [];
  readonly p50Ms: number[] = [];
  readonly p99Ms: number[] = [];
  readonly #dataset: Dataset;
  readonly #found = new Map<number, readonly number[]>();

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  add({ perSecond, latenciesMs, found }: Measured): void {
    this.perSecond.push(perSecond);
    this.p50Ms.push(quantile(latenciesMs, 0.5));
    this.p99Ms.push(quantile(latenciesMs, 0.99));
    for (const [query, rows] of found) this.#found.set(query, rows);
  }

  with(measured: Spread): Spread & { readonly recall: number } {
    return { ...measured, recall: recall(this.#dataset, this.#found, K) };
  }
}
