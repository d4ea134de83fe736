import type { Filter } from '@vectorizer/contracts';
import { exactTop, type Dataset } from '../data/dataset.ts';
import { CLUSTERS, SELECTIVITIES } from '../data/payload.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { BATCH, K, numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** Each query's true neighbours among the matching rows are found by looking at all of them, so not for all queries. */
const QUERIES_MAX = 200;
/** Of a point: its place among all by their nearness to the first, as a percentage. */
const PLACE = 'place';

type Tried = { readonly name: string; readonly filter: Filter; readonly accepts: (row: number) => boolean };

/** Filters on declared fields that match an exact share of the points, in turns with the same searches unfiltered. */
export async function benchFilter(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const queries = dataset.queries.slice(0, QUERIES_MAX);
  const tried = [...scattered(), ...(await clustered(engine, dataset))];
  const plain = new Series(dataset.truth);
  const filtered = tried.map(({ accepts }) => {
    return new Series(queries.map((query) => exactTop(dataset.rows, query, { k: K, accepts })));
  });
  const searches = [engine.search(), ...tried.map(({ filter }) => engine.search({ filter }))];
  const all = [plain, ...filtered];
  await engine.indexPayloads([...SELECTIVITIES.map(({ field }) => field), PLACE]);
  for (const round of numbered(rounds)) {
    const measured = await measureInTurns(searches, queries.length, rounds.milliseconds);
    if (round > 0) for (const [i, result] of measured.entries()) all[i]?.add(result);
  }
  // What is measured next is of an engine that keeps none.
  await engine.indexPayloads([]);
  return tried.flatMap(({ name }, i) => {
    const series = filtered[i] ?? plain;
    return [
      figure(`filter.${name}.recall`, 'recall', spread([series.recall])),
      figure(`filter.${name}.p99_ratio`, 'ratio', series.with(ratios(series.p99Ms, plain.p99Ms))),
      figure(`filter.${name}.p50_ratio`, 'ratio', series.with(ratios(series.p50Ms, plain.p50Ms))),
    ];
  });
}

function scattered(): Tried[] {
  return SELECTIVITIES.map(({ name, field, every }) => ({
    name,
    filter: { must: [{ key: field, match: { value: 0 } }] },
    accepts: (row) => row % every === 0,
  }));
}

/** Tells each point its place, which the filters ask for. */
async function clustered(engine: Engine, { rows }: Dataset): Promise<Tried[]> {
  const [centre = new Float32Array()] = rows;
  const nearness = rows.map((vector) => vector.reduce((sum, x, i) => sum + x * (centre[i] ?? 0), 0));
  const order = [...rows.keys()].toSorted((a, b) => (nearness[b] ?? 0) - (nearness[a] ?? 0));
  const places = new Map(order.map((row, place) => [row, Math.floor((place * 100) / rows.length)]));
  for (let row = 0; row < rows.length; row += BATCH) {
    const batch = rows.slice(row, row + BATCH).map((_, i) => ({
      kind: 'payload_merge' as const,
      id: String(row + i),
      payload: JSON.stringify({ [PLACE]: places.get(row + i) }),
    }));
    await engine.apply(batch);
  }
  return CLUSTERS.map(({ name, percent }) => ({
    name,
    filter: { must: [{ key: PLACE, range: { lt: percent } }] },
    accepts: (row) => (places.get(row) ?? percent) < percent,
  }));
}
