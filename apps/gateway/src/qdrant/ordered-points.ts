import { limits, type PayloadIndexType, type PointView, type Sequences } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import { checkFilter } from '../points/check-filter.ts';
import type { ReadCall, Reads } from '../points/reads.ts';
import { later } from '../sessions.ts';
import { filterOf, isoTimeOf, withConditions } from './filters.ts';
import { Pages } from './pages.ts';
import { leavesAt, stepsOf } from './payload-values.ts';
import type { OrderBy } from './read-bodies.ts';
import type { Selection } from './selections.ts';

/** A point, and the number that it was ordered by: of a time, its microseconds since 1970. */
export type OrderedPoint = { readonly point: PointView; readonly value: number };
export type OrderedScroll = {
  readonly order: OrderBy;
  readonly filter: unknown;
  readonly limit: number;
  readonly selection: Selection;
};
type Ordered = { readonly points: readonly OrderedPoint[]; readonly sequences: Sequences };

/** Each of them is read. */
const POINTS_MAX = 100_000;
const PAYLOADS = { with_payload: true, with_vector: false };

/** Points in the order of the numbers, or times, at an indexed payload key; one with several values comes once for each. */
export class OrderedPoints {
  readonly #reads: Reads;
  readonly #pages: Pages;

  constructor(reads: Reads) {
    this.#reads = reads;
    this.#pages = new Pages(reads);
  }

  async first({ order, filter: given, limit, selection }: OrderedScroll, call: ReadCall): Promise<Ordered> {
    if (limit > limits.scrollLimitMax) throw invalidField('limit', `with order_by at most ${limits.scrollLimitMax}`);
    const { key, direction, start_from: start } = order;
    const { payload_indexes: indexes } = call.collection;
    const valueOf = numberOf(indexes.find((index) => index.key === key)?.type);
    const from = start === undefined ? undefined : valueOf(start);
    if (start !== undefined && from === undefined) throw invalidField('order_by.start_from', `no value of ${key}`);
    const bound = { [direction === 'asc' ? 'gte' : 'lte']: start };
    const has = start === undefined ? { key, values_count: { gte: 1 } } : { key, range: bound };
    const filter = filterOf(withConditions(given, { must: has }));
    checkFilter(filter, indexes);

    const sign = direction === 'asc' ? 1 : -1;
    const steps = stepsOf(key);
    const valuesOf = (point: PointView): number[] =>
      leavesAt(point, steps)
        .map(valueOf)
        .filter((value) => value !== undefined)
        .filter((value) => from === undefined || sign * (value - from) >= 0);
    let points: OrderedPoint[] = [];
    let sequences: Sequences = [];
    let looked = 0;
    for await (const read of this.#pages.all(undefined, { filter, count: POINTS_MAX + 1, selection: PAYLOADS }, call)) {
      looked += read.points.length;
      if (looked > POINTS_MAX) {
        throw invalidField('filter', `must leave at most ${POINTS_MAX} points, which are read one by one`);
      }
      sequences = later(sequences, read.sequences);
      const found = read.points.flatMap((point) => valuesOf(point).map((value) => ({ point, value })));
      // They come in the order of their ids, which points of one value stay in.
      points = [...points, ...found].toSorted((a, b) => sign * (a.value - b.value)).slice(0, limit);
    }
    if (!selection.with_vector || points.length === 0) return { points, sequences };
    const ids = [...new Set(points.map(({ point }) => point.id))];
    const read = await this.#reads.points({ ids, ...PAYLOADS, with_vector: true }, call);
    const whole = new Map(read.points.map((point) => [point.id, point]));
    const stillThere = points.flatMap(({ point, value }) => {
      const found = whole.get(point.id);
      return found === undefined ? [] : [{ point: found, value }];
    });
    return { points: stillThere, sequences: later(sequences, read.sequences) };
  }
}

/** The number that stands for a value in its index; undefined for a value that is not in it. */
function numberOf(type: PayloadIndexType | undefined): (value: unknown) => number | undefined {
  if (type === 'integer' || type === 'float') return (value) => (typeof value === 'number' ? value : undefined);
  if (type !== 'datetime') {
    throw invalidField('order_by', `the key has no index of numbers or times: make one of integer, float or datetime`);
  }
  return (value) => {
    const time = typeof value === 'string' ? isoTimeOf(value) : undefined;
    const milliseconds = time === undefined ? NaN : Date.parse(time);
    return Number.isNaN(milliseconds) ? undefined : milliseconds * 1_000;
  };
}
