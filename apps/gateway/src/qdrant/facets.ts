import { parsePayload, type Filter, type Json, type Sequences } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import type { ReadCall } from '../points/reads.ts';
import { later } from '../sessions.ts';
import type { Pages } from './pages.ts';

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
    const path = key.replaceAll('[]', '').split('.');
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
      for (const { payload } of read.points) {
        const found = payload === undefined || payload === null ? [] : valuesAt(parsePayload(payload), path);
        for (const value of new Set(found)) counts.set(value, (counts.get(value) ?? 0) + 1);
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
function valuesAt(value: Json | undefined, path: readonly string[]): Value[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((each) => valuesAt(each, path));
  const [step, ...rest] = path;
  if (step !== undefined) {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    return isThere ? valuesAt((value as { readonly [key: string]: Json })[step], rest) : [];
  }
  if (typeof value === 'string' || typeof value === 'boolean') return [value];
  return Number.isInteger(value) ? [value as number] : [];
}
