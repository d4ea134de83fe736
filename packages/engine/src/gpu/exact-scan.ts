import { exactScore, type Metric } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import type { SearchOptions } from '../vector/point-index.ts';
import { TopK, type Found } from '../vector/ranking.ts';
import type { RowView } from './row-table.ts';

type Wanted = Pick<SearchOptions, 'k' | 'vectorOf' | 'accept' | 'deadline'> & {
  readonly metric: Metric;
  readonly query: Float32Array;
};

/** The k best of the given points by their stored vectors, in double precision, with turns for others in between. */
export async function rankExactly(ids: Iterable<string>, wanted: Wanted): Promise<Found[]> {
  const { metric, query, k, vectorOf, accept, deadline } = wanted;
  const [slices, best] = [new Slices(deadline), new TopK(k)];
  for (const id of ids) {
    const vector = accept === undefined || accept(id) ? vectorOf(id) : undefined;
    if (vector !== undefined) best.offer(id, exactScore(metric, vector, query));
    if (slices.due) await slices.next();
  }
  // The caller reads the versions from the state that it searches.
  return best.result().map((scored) => ({ ...scored, version: 0 }));
}

/** Without the device: every point that there was when the view was opened. */
export async function scanExactly(view: RowView, wanted: Wanted): Promise<Found[]> {
  return rankExactly(idsOf(view), wanted);
}

function* idsOf(view: RowView): Generator<string> {
  for (let row = 0; row < view.count; row++) yield view.idOf(row);
}
