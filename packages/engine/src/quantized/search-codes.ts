import assert from 'node:assert/strict';
import type { Metric } from '@vectorizer/contracts';
import { byRank } from '@vectorizer/contracts';
import type { CodeQuery } from '@vectorizer/kernels';
import { exactScore, indexed, scoreOfKernel } from '../vector/metric.ts';
import type { SearchOptions } from '../vector/point-index.ts';
import { TopK, type Found, type Scored } from '../vector/ranking.ts';
import type { CodedPoints } from './coded-points.ts';

/** Points that are read from the store in a row: a tenth of a millisecond. */
const READ_IN_A_ROW = 32;

export type CodeSearch = Pick<SearchOptions, 'k' | 'accept' | 'vectorOf'> & {
  readonly points: CodedPoints;
  readonly metric: Metric;
  readonly vector: Float32Array;
  /** How many of the best by their codes are scored again by their vectors; none when it is absent. */
  readonly rescored?: number;
  /** Points whose codes are others, or in another row, than when the search began: filled by whoever changes them. */
  readonly changed: ReadonlySet<string>;
};

/**
 * The k best of the state in which it begins, in steps of a fraction of a millisecond, between which points may change:
 * those are taken out of the scan and scored by their vectors of the beginning.
 */
export function* searchCodes(search: CodeSearch): Generator<undefined, Found[], undefined> {
  const { points, metric, k, rescored } = search;
  const query = points.queryOf(indexed(metric, search.vector));
  const best = new TopK(rescored ?? k);
  yield* scan(search, query, best);
  const found = rescored === undefined ? unscored(best, metric, query) : yield* rescore(search, best.result());
  return found
    .toSorted(byRank)
    .slice(0, k)
    .map(({ id, score }) => ({ id, score, version: points.versionOf(id) }));
}

function* scan(search: CodeSearch, query: CodeQuery, best: TopK): Generator<undefined, void, undefined> {
  const { points, changed, accept } = search;
  const candidates = search.rescored ?? search.k;
  for (let start = 0; start < points.count;) {
    const wanted = { k: accept === undefined ? candidates : Infinity, floor: best.floor };
    const { found, next } = points.scan(query, start, wanted);
    const unchanged = changed.size === 0 ? found : found.filter(({ id }) => !changed.has(id));
    if (accept === undefined) for (const { id, score } of unchanged) best.offer(id, score);
    else yield* offerAccepted(unchanged.toSorted(byRank), { accept, best, candidates });
    start = next;
    yield;
  }
  yield* offerChanged(search, query, best);
}

/** A filter costs more than a score, so it is asked about the best first, until there are enough of this block. */
function* offerAccepted(
  ranked: readonly Scored[],
  to: { readonly accept: (id: string) => boolean; readonly best: TopK; readonly candidates: number },
): Generator<undefined, void, undefined> {
  let [asked, accepted] = [0, 0];
  for (const { id, score } of ranked) {
    if (accepted === to.candidates) return;
    if (++asked % READ_IN_A_ROW === 0) yield;
    if (!to.accept(id)) continue;
    to.best.offer(id, score);
    accepted += 1;
  }
}

/** What was found before it changed was found by its codes of the beginning, and is not offered twice. */
function* offerChanged(search: CodeSearch, query: CodeQuery, best: TopK): Generator<undefined, void, undefined> {
  const { points, metric, accept, vectorOf } = search;
  if (search.changed.size === 0) return;
  const known = new Set(best.result().map(({ id }) => id));
  const changed = [...search.changed].filter((id) => !known.has(id));
  for (const [i, id] of changed.entries()) {
    if (i % READ_IN_A_ROW === READ_IN_A_ROW - 1) yield;
    const vector = vectorOf(id);
    if (vector === undefined || accept?.(id) === false) continue;
    best.offer(id, points.scoreOf(query, indexed(metric, vector)));
  }
}

function* rescore(search: CodeSearch, candidates: readonly Scored[]): Generator<undefined, Scored[], undefined> {
  const exact: Scored[] = [];
  for (const { id } of candidates) {
    if (exact.length % READ_IN_A_ROW === READ_IN_A_ROW - 1) yield;
    const vector = search.vectorOf(id);
    assert(vector !== undefined, 'the index and the state are of one sequence');
    exact.push({ id, score: exactScore(search.metric, vector, search.vector) });
  }
  return exact;
}

/** By the codes alone: what is ranked lacks the query's part of a squared distance. */
function unscored(best: TopK, metric: Metric, query: CodeQuery): Scored[] {
  const less = metric === 'euclidean' ? query.squaredLength : 0;
  return best.result().map(({ id, score }) => ({ id, score: scoreOfKernel(metric, score - less) }));
}
