import assert from 'node:assert/strict';
import type { SearchSpec } from '@vectorizer/contracts';
import type { Found } from '../vector/ranking.ts';
import type { PointIndex, SearchOptions } from '../vector/point-index.ts';

/** Below this share of matches among the nearest points, looking at all points exactly is the better way. */
const SHARE_MIN = 0.05;
/** Asks for this many times the expected number, since the share is an estimate. */
const MARGIN = 2;

/** How many neighbours are looked at to begin with, if that is more than usual, and at most. */
export type Width = { readonly first: number; readonly max: number };

/**
 * A filtered search by way of the unfiltered one: the nearest points are found in the graph and the matching ones
 * kept. If they are too few, their share tells how many more to ask for. Undefined when the filter matches too few
 * points near the query for this to find k. (The graph's own filter callback would ask about every node on the way,
 * which costs a payload each; this asks about the nearest only.)
 */
export function searchNearby(
  index: PointIndex,
  query: Pick<SearchSpec, 'vector' | 'k' | 'score_threshold'> &
    Omit<SearchOptions, 'accept'> & { readonly width: Width },
  matches: (id: string) => boolean,
): Found[] | undefined {
  const { vector, k, vectorOf, score_threshold: threshold = -Infinity } = query;
  for (let width = Math.max(query.ef, k * MARGIN, query.width.first); ;) {
    const near = index.search(vector, { k: width, ef: width, vectorOf });
    assert(!(near instanceof Promise), 'an index that is not exhaustive answers at once');
    const found = near.filter(({ id }) => matches(id));
    if (found.length >= k) return found.slice(0, k);
    // Everything that is not among the nearest scores lower still.
    const last = near.at(-1);
    if (near.length === width && last !== undefined && last.score < threshold) return found;
    const share = found.length / Math.max(1, near.length);
    const next = Math.ceil((k / share) * MARGIN);
    if (share < SHARE_MIN || next > query.width.max || next <= width) return undefined;
    width = next;
  }
}
