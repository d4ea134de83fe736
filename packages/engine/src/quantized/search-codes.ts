import assert from 'node:assert/strict';
import { exactScore, type Metric } from '@vectorizer/contracts';
import { byRank } from '@vectorizer/contracts';
import type { CodeQuery } from '@vectorizer/kernels';
import { indexed, scoreOfKernel } from '../vector/metric.ts';
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
  const slop = yield* scan(search, query, best);
  const found =
    rescored === undefined
      ? unscored(best, metric, query).toSorted(byRank)
      : yield* rescore(search, {
          candidates: best.result(),
          scoreAtMost: (value) => scoreOf(value + slop, metric, query),
        });
  return found.slice(0, k).map(({ id, score }) => ({ id, score, version: points.versionOf(id) }));
}

/** Answers how far off the scores of those found may be. */
function* scan(search: CodeSearch, query: CodeQuery, best: TopK): Generator<undefined, number, undefined> {
  const { points, changed, accept } = search;
  let slop = 0;
  const candidates = search.rescored ?? search.k;
  for (let start = 0; start < points.count;) {
    const wanted = { k: accept === undefined ? candidates : Infinity, floor: best.floor, likely: true };
    const { found, next } = points.scan(query, start, wanted);
    for (const each of found) slop = Math.max(slop, each.slop);
    const unchanged = changed.size === 0 ? found : found.filter(({ id }) => !changed.has(id));
    if (accept === undefined) for (const { id, score } of unchanged) best.offer(id, score);
    else yield* offerAccepted(unchanged.toSorted(byRank), { accept, best, candidates });
    start = next;
    yield;
  }
  // What is offered from here on has no row of its own, so nothing is known of it but its score.
  if (changed.size > 0) slop = Infinity;
  yield* offerChanged(search, query, best);
  return slop;
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

/**
 * The k best of the candidates by their vectors, best first. They come best first by their codes, and how far off those
 * may be is known: when no other can score as much as the k-th, the others are not read.
 */
function* rescore(
  search: CodeSearch,
  to: { readonly candidates: readonly Scored[]; readonly scoreAtMost: (value: number) => number },
): Generator<undefined, Scored[], undefined> {
  const { k, metric, vectorOf } = search;
  const exact = new TopK(k);
  // The floor is found by sorting, so not for every candidate where there are many.
  const step = Math.ceil(k / 8);
  for (const [i, { id, score }] of to.candidates.entries()) {
    if (i >= k && i % step === 0 && to.scoreAtMost(score) < exact.floor) break;
    if (i % READ_IN_A_ROW === READ_IN_A_ROW - 1) yield;
    const vector = vectorOf(id);
    assert(vector !== undefined, 'the index and the state are of one sequence');
    exact.offer(id, exactScore(metric, vector, search.vector));
  }
  return exact.result();
}

/** By the codes alone. */
function unscored(best: TopK, metric: Metric, query: CodeQuery): Scored[] {
  return best.result().map(({ id, score }) => ({ id, score: scoreOf(score, metric, query) }));
}

/** What is ranked lacks the query's part of a squared distance. */
function scoreOf(value: number, metric: Metric, { squaredLength }: CodeQuery): number {
  return scoreOfKernel(metric, metric === 'euclidean' ? value - squaredLength : value);
}
