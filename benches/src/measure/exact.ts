import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** The scan of all points, which a client asks for with `exact`. */
export async function benchExact(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const series = new Series(dataset.truth);
  const search = engine.search({ exact: true });
  for (const round of numbered(rounds)) {
    const [measured] = await measureInTurns([search], dataset.queries.length, rounds.milliseconds);
    if (round > 0 && measured !== undefined) series.add(measured);
  }
  return [figure('exact.engine', '1/s', series.with(spread(series.perSecond)))];
}
