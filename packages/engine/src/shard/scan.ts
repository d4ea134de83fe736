import type { Filter, Metric, PointView } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { compileFilter, type Matcher } from '../filter/compile.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { exactScore } from '../vector/metric.ts';
import { TopK, type Scored } from '../vector/ranking.ts';
import { viewOf, type Fields } from './views.ts';

/** The reads that look at every point, in slices that yield to searches. */
export type ScrollSpec = Fields & {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly filter?: Filter | undefined;
};

export async function scroll(
  snapshot: Snapshot,
  spec: ScrollSpec,
): Promise<{ readonly points: readonly PointView[]; readonly more: boolean }> {
  const slices = new Slices();
  const matches = spec.filter === undefined ? everything : compileFilter(spec.filter);
  const points: PointView[] = [];
  for (const { id, record } of snapshot.points(spec.after)) {
    if (slices.due) await slices.next();
    if (!matches(id, record.payload)) continue;
    if (points.length === spec.limit) return { points, more: true };
    points.push(viewOf(id, record, spec));
  }
  return { points, more: false };
}

export async function count(snapshot: Snapshot, filter: Filter): Promise<number> {
  const slices = new Slices();
  const matches = compileFilter(filter);
  let found = 0;
  for (const { id, record } of snapshot.points()) {
    if (slices.due) await slices.next();
    if (matches(id, record.payload)) found += 1;
  }
  return found;
}

/** The k best of the points that match, scored one by one in double precision. */
export async function exactSearch(
  snapshot: Snapshot,
  query: { readonly vector: Float32Array; readonly metric: Metric; readonly k: number; readonly matches: Matcher },
): Promise<Scored[]> {
  const slices = new Slices();
  const best = new TopK(query.k);
  for (const { id, record } of snapshot.points()) {
    if (slices.due) await slices.next();
    if (query.matches(id, record.payload)) best.offer(id, exactScore(query.metric, record.vector, query.vector));
  }
  return best.result();
}

export function everything(): boolean {
  return true;
}
