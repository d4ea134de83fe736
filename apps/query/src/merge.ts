import {
  byRank,
  compareIds,
  unindexedFilter,
  type PointView,
  type SearchResult,
  type Warning,
} from '@vectorizer/contracts';

/** One search's results of every shard as one; the shards' lists are sorted, which the sort makes use of. */
export function mergeHits(results: readonly SearchResult[], k: number): SearchResult {
  const hits = results.flatMap((result) => result.hits).toSorted(byRank);
  return { hits: hits.length > k ? hits.slice(0, k) : hits, warnings: mergeWarnings(results) };
}

/** As one, about the fields of all: an index may be ready on one shard and not yet on another. */
export function mergeWarnings(results: readonly { readonly warnings: readonly Warning[] }[]): Warning[] {
  const fields = new Set(results.flatMap(({ warnings }) => warnings.flatMap((warning) => warning.fields)));
  return fields.size === 0 ? [] : [unindexedFilter([...fields])];
}

export type Page = { readonly points: readonly PointView[]; readonly more: boolean };

/**
 * Pages of several shards as one. Every shard was asked for `limit`, so one with more has given so many that nothing
 * of what it holds back can belong before the cut.
 */
export function mergePages(pages: readonly Page[], limit: number): Page {
  const points = pages.flatMap((page) => page.points).toSorted((a, b) => compareIds(a.id, b.id));
  const more = points.length > limit || pages.some((page) => page.more);
  return { points: points.slice(0, limit), more };
}

/** The points in the order in which they were asked for. */
export function inOrderOf(ids: readonly string[], points: readonly PointView[]): PointView[] {
  const byId = new Map(points.map((point) => [point.id, point]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
