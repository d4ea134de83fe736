import type { Filter, Sequences } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import type { ReadCall } from '../points/reads.ts';
import { later } from '../sessions.ts';
import type { Pages } from './pages.ts';
import { leavesAt, stepsOf } from './payload-values.ts';

type Value = string | number | boolean;
type FacetHit = { readonly value: Value; readonly count: number };
type Asked = { readonly key: string; readonly filter: Filter | undefined; readonly limit: number };

/** Each of them is read. */
const POINTS_MAX = 100_000;

/** How many points have each value of a payload key: the most frequent first, of equals the lesser value. */
export class Facets {
  readonly #pages: Pages;

  constructor(pages: Pages) {
    this.#pages = pages;
  }

  async of({ key, filter, limit }: Asked, call: ReadCall): Promise<{ hits: FacetHit[]; sequences: Sequences }> {
    const steps = stepsOf(key);
    const selection = { with_payload: true, with_vector: false };
    const counts = new Map<Value, number>();
    let sequences: Sequences = [];
    let looked = 0;
    for await (const read of this.#pages.all(undefined, { filter, count: POINTS_MAX + 1, selection }, call)) {
      looked += read.points.length;
      if (looked > POINTS_MAX) {
        throw invalidField('filter', `must leave at most ${POINTS_MAX} points, which are read one by one`);
      }
      sequences = later(sequences, read.sequences);
      for (const point of read.points) {
        const found = new Set(leavesAt(point, steps).filter(isCounted));
        for (const value of found) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    const hits = [...counts].map(([value, count]) => ({ value, count }));
    return { hits: hits.toSorted(byFrequency).slice(0, limit), sequences };
  }
}

function byFrequency(a: FacetHit, b: FacetHit): number {
  return b.count - a.count || (a.value < b.value ? -1 : 1);
}

/** Texts, whole numbers and booleans, as there. */
function isCounted(value: unknown): value is Value {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value);
}
