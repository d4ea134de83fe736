import { byRank, type Metric } from '@vectorizer/contracts';
import type { Matcher } from '../filter/compile.ts';
import type { PointRecord } from '../state/record.ts';
import { exactScore } from '../vector/metric.ts';
import { BoundOrder } from './bound-order.ts';
import type { SlotSet } from './slot-set.ts';

export type Candidate = { readonly id: string; readonly score: number; readonly record: PointRecord };

export type CandidateQuery = {
  readonly vector: Float32Array;
  readonly metric: Metric;
  readonly k: number;
  readonly threshold: number;
  readonly matches: Matcher;
};

/** The points that a filter may let through, of one state. */
export type CandidatePoints = {
  readonly slots: Uint32Array;
  /** The highest score that each can have. */
  readonly bounds: Float64Array;
  /** Those that need not be asked whether they match. */
  readonly sure: SlotSet;
  readonly idOf: (slot: number) => string | undefined;
  readonly point: (id: string) => PointRecord | undefined;
};

/**
 * The k best candidates, exactly: those that may score highest are read first, and when no other can score as much as
 * the k-th of those that were read, the others need not be. Usually that is a little more than k.
 */
export class BestCandidates {
  readonly #query: CandidateQuery;
  readonly #points: CandidatePoints;
  readonly #order: BoundOrder;
  readonly #best: Candidate[] = [];

  constructor(query: CandidateQuery, points: CandidatePoints) {
    this.#query = query;
    this.#points = points;
    this.#order = new BoundOrder(points.bounds);
  }

  /** Reads candidates until it is done, or `pause` says to go on later. */
  run(pause: () => boolean): 'done' | 'paused' {
    const { k, threshold } = this.#query;
    while (this.#order.size > 0) {
      const { bound } = this.#order;
      if (bound < threshold) return 'done';
      if (this.#best.length === k && bound < (this.#best.at(-1)?.score ?? 0)) return 'done';
      if (pause()) return 'paused';
      this.#read(this.#points.slots[this.#order.pop()] ?? 0);
    }
    return 'done';
  }

  /** Best first. */
  get found(): readonly Candidate[] {
    return this.#best;
  }

  #read(slot: number): void {
    const { points, query } = { points: this.#points, query: this.#query };
    const id = points.idOf(slot);
    const record = id === undefined ? undefined : points.point(id);
    if (id === undefined || record === undefined) return;
    if (!points.sure.has(slot) && !query.matches(id, record.payload)) return;
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
