import assert from 'node:assert/strict';
import type { SearchSpec } from '@vectorizer/contracts';
import type { Found } from '../vector/ranking.ts';
import type { PointIndex, SearchOptions } from '../vector/point-index.ts';

/** Below this share of matches among the nearest points, looking at all points exactly is the better way. */
const SHARE_MIN = 0.05;
/** Wider than this, the graph costs more than it saves. */
const WIDTH_MAX = 2_000;
/** Asks for this many times the expected number, since the share is an estimate. */
const MARGIN = 2;
const FIRST_MARGIN = 1.5;

/**
 * A filtered search by way of the unfiltered one: the nearest points are found in the graph and the matching ones
 * kept. If they are too few, their share tells how many more to ask for. Undefined when the filter matches too few
 * points near the query for this to find k. (The graph's own filter callback would ask about every node on the way,
 * which costs a payload each; this asks about the nearest only.)
 */
export function searchNearby(
  index: PointIndex,
  query: Pick<SearchSpec, 'vector' | 'k' | 'score_threshold'> &
    Omit<SearchOptions, 'accept'> & { readonly share: number },
  matches: (id: string) => boolean,
): Found[] | undefined {
  const { vector, k, vectorOf, score_threshold: threshold = -Infinity } = query;
  // What is known of the share of all points spares a first, too narrow search.
  for (
    let width = Math.max(query.ef, k * MARGIN, Math.min(WIDTH_MAX, Math.ceil((k / query.share) * FIRST_MARGIN)));
    ;
  ) {
    const near = index.search(vector, { k: width, ef: width, vectorOf });
    assert(!(near instanceof Promise), 'an index that is not exhaustive answers at once');
    const found = near.filter(({ id }) => matches(id));
    if (found.length >= k) return found.slice(0, k);
    // Everything that is not among the nearest scores lower still.
    const last = near.at(-1);
    if (near.length === width && last !== undefined && last.score < threshold) return found;
    const share = found.length / Math.max(1, near.length);
    const next = Math.ceil((k / share) * MARGIN);
    if (share < SHARE_MIN || next > WIDTH_MAX || next <= width) return undefined;
    width = next;
  }
}
