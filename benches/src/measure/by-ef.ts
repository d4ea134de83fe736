import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { BareGraph } from '../subjects/bare.ts';
import type { Engine } from '../subjects/engine.ts';
import { measureInTurns, type Search } from './search-loop.ts';
import { Series } from './series.ts';

/** How many candidates a search keeps: what recall is bought with. */
export const EFS = [16, 32, 64, 128, 256] as const;

/** Recall and rate by ef, of the engine and of the bare graph: one curve each. */
export async function benchByEf(
  { engine, bare }: { readonly engine: Engine | undefined; readonly bare: BareGraph | undefined },
  dataset: Dataset,
  rounds: Rounds,
): Promise<Result[]> {
  const ways = EFS.flatMap((ef) => [
    ...(engine === undefined ? [] : [way(`search.engine.ef${ef}`, engine.search({ ef }), dataset)]),
    ...(bare === undefined ? [] : [way(`search.bare.ef${ef}`, bare.search(ef), dataset)]),
  ]);
  const searches = ways.map(({ search }) => search);
  for (const round of numbered(rounds)) {
    const measured = await measureInTurns(searches, dataset.queries.length, rounds.milliseconds / EFS.length);
    if (round > 0) for (const [i, result] of measured.entries()) ways[i]?.series.add(result);
  }
  return ways.map(({ name, series }) => figure(name, '1/s', series.with(spread(series.perSecond))));
}

function way(name: string, search: Search, { truth }: Dataset): { name: string; search: Search; series: Series } {
  return { name, search, series: new Series(truth) };
}
