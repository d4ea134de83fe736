import { compareIds, exactScore, type Filter, type Metric, type PointView } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { compileFilter } from '../filter/compile.ts';
import { idsNamedBy } from '../filter/named-ids.ts';
import type { Snapshot, StoredPoint, StoredVector } from '../state/snapshot.ts';
import { TopK, type Scored } from '../vector/ranking.ts';
import { viewOf, type Fields } from './views.ts';

/** The reads that look at every point, or at those that their filter names, in slices that yield to searches. */
export type ScrollSpec = Fields & {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly filter?: Filter | undefined;
  /** Epoch milliseconds; the scan ends when nobody waits for it any more. */
  readonly deadline?: number;
};

export async function scroll(
  snapshot: Snapshot,
  spec: ScrollSpec,
): Promise<{ readonly points: readonly PointView[]; readonly more: boolean }> {
  const slices = new Slices(spec.deadline);
  const matches = spec.filter === undefined ? everything : compileFilter(spec.filter);
  const points: PointView[] = [];
  for (const { id, record } of pointsFor(snapshot, spec)) {
    if (slices.due) await slices.next();
    if (!matches(id, record.payload)) continue;
    if (points.length === spec.limit) return { points, more: true };
    points.push(viewOf(id, record, spec));
  }
  return { points, more: false };
}

export async function count(snapshot: Snapshot, filter: Filter, deadline?: number): Promise<number> {
  const slices = new Slices(deadline);
  const matches = compileFilter(filter);
  let found = 0;
  for (const { id, record } of pointsFor(snapshot, { filter })) {
    if (slices.due) await slices.next();
    if (matches(id, record.payload)) found += 1;
  }
  return found;
}

export type ExactQuery = {
  readonly vector: Float32Array;
  readonly metric: Metric;
  readonly k: number;
  readonly filter?: Filter | undefined;
  readonly deadline?: number | undefined;
};

/** The k best of the points that match, scored one by one in double precision. */
export async function exactSearch(snapshot: Snapshot, query: ExactQuery): Promise<Scored[]> {
  const slices = new Slices(query.deadline);
  const best = new TopK(query.k);
  const { filter } = query;
  const candidates = filter === undefined ? snapshot.vectors() : matching(snapshot, filter);
  for (const point of candidates) {
    if (slices.due) await slices.next();
    if (point !== undefined) best.offer(point.id, exactScore(query.metric, point.vector, query.vector));
  }
  return best.result();
}

/** Undefined for a point that does not match, so that the caller may pause there, too. */
function* matching(snapshot: Snapshot, filter: Filter): Generator<StoredVector | undefined> {
  const matches = compileFilter(filter);
  for (const { id, record } of pointsFor(snapshot, { filter })) {
    yield matches(id, record.payload) ? { id, vector: record.vector } : undefined;
  }
}

/** All that can match, in the order of their ids. */
function pointsFor(snapshot: Snapshot, { filter, after }: Pick<ScrollSpec, 'filter' | 'after'>): Iterable<StoredPoint> {
  const ids = filter && idsNamedBy(filter);
  if (ids === undefined) return snapshot.points(after);
  return snapshot.some(after === undefined ? ids : ids.filter((id) => compareIds(id, after) > 0));
}

function everything(): boolean {
  return true;
}
