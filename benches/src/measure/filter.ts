import { exactTop, type Dataset } from '../data/dataset.ts';
import { SELECTIVITIES } from '../data/payload.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { K, numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** Each query's true neighbours among the matching rows are found by looking at all of them, so not for all queries. */
const QUERIES_MAX = 200;

/** Filters on declared fields that match an exact share of the points, in turns with the same searches unfiltered. */
export async function benchFilter(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const queries = dataset.queries.slice(0, QUERIES_MAX);
  const plain = new Series(dataset.truth);
  const filtered = SELECTIVITIES.map(({ every }) => {
    return new Series(queries.map((query) => exactTop(dataset.rows, query, { k: K, every })));
  });
  const searches = [
    engine.search(),
    ...SELECTIVITIES.map(({ field }) => engine.search({ filter: { must: [{ key: field, match: { value: 0 } }] } })),
  ];
  const all = [plain, ...filtered];
  await engine.indexPayloads(SELECTIVITIES.map(({ field }) => field));
  for (const round of numbered(rounds)) {
    const measured = await measureInTurns(searches, queries.length, rounds.milliseconds);
    if (round > 0) for (const [i, result] of measured.entries()) all[i]?.add(result);
  }
  // What is measured next is of an engine that keeps none.
  await engine.indexPayloads([]);
  return SELECTIVITIES.flatMap(({ name }, i) => {
    const series = filtered[i] ?? plain;
    return [
      figure(`filter.${name}.recall`, 'recall', spread([series.recall])),
      figure(`filter.${name}.p99_ratio`, 'ratio', series.with(ratios(series.p99Ms, plain.p99Ms))),
      figure(`filter.${name}.p50_ratio`, 'ratio', series.with(ratios(series.p50Ms, plain.p50Ms))),
    ];
  });
}
