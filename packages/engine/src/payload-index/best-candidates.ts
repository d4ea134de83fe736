import { byRank, exactScore, type Metric } from '@vectorizer/contracts';
import type { Matcher } from '../filter/compile.ts';
import type { PointRecord } from '../state/record.ts';
import { BoundOrder } from './bound-order.ts';
import type { KeptSlots } from './row-codes.ts';

export type Candidate = { readonly id: string; readonly score: number; readonly record: PointRecord };

export type CandidateQuery = {
  readonly vector: Float32Array;
  readonly metric: Metric;
  readonly k: number;
  readonly threshold: number;
  readonly matches: Matcher;
  /** So many of those that match are compared at most, where an approximate answer will do. */
  readonly comparedMax: number;
};

/** The points that may be among the best, of one state. */
export type CandidatePoints = KeptSlots & {
  readonly idOf: (slot: number) => string | undefined;
  readonly point: (id: string) => PointRecord | undefined;
};

/**
 * The k best candidates, exactly: those that may score highest are read first, and when no other can score as much as
 * the k-th of those that were read, the others need not be. Usually that is a little more than k; where the best of them
 * are far from the query, and so about as far as many others, it is hundreds.
 */
export class BestCandidates {
  readonly #query: CandidateQuery;
  readonly #points: CandidatePoints;
  readonly #order: BoundOrder;
  readonly #best: Candidate[] = [];
  #compared = 0;

  constructor(query: CandidateQuery, points: CandidatePoints) {
    this.#query = query;
    this.#points = points;
    this.#order = new BoundOrder(points.bounds);
  }

  /** Reads candidates until it is done, or `pause` says to go on later. */
  run(pause: () => boolean): 'done' | 'paused' {
    const { k, threshold, comparedMax } = this.#query;
    while (this.#order.size > 0) {
      const { bound } = this.#order;
      if (bound < threshold || this.#compared >= comparedMax) return 'done';
      if (this.#best.length === k && bound < (this.#best.at(-1)?.score ?? 0)) return 'done';
      if (pause()) return 'paused';
      this.#read(this.#order.pop());
    }
    return 'done';
  }

  /** Best first. */
  get found(): readonly Candidate[] {
    return this.#best;
  }

  #read(place: number): void {
    const { points, query } = { points: this.#points, query: this.#query };
    const id = points.idOf(points.slots[place] ?? 0);
    const record = id === undefined ? undefined : points.point(id);
    if (id === undefined || record === undefined) return;
    if (points.sure[place] !== 1 && !query.matches(id, record.payload)) return;
    // One of which nothing is known takes nobody's place.
    if (points.bounds[place] !== Infinity) this.#compared += 1;
    const score = exactScore(query.metric, record.vector, query.vector);
    if (score < query.threshold) return;
    this.#offer({ id, score, record });
  }

  #offer(candidate: Candidate): void {
    let [low, high] = [0, this.#best.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#best[middle];
      if (other !== undefined && byRank(other, candidate) < 0) low = middle + 1;
      else high = middle;
    }
    this.#best.splice(low, 0, candidate);
    if (this.#best.length > this.#query.k) this.#best.pop();
  }
}
