import type { Metric } from '@vectorizer/contracts';
import { CodeTable, type CodedQuery } from '@vectorizer/kernels';
import { indexed } from '../vector/metric.ts';

export type RankedQuery = { readonly vector: Float32Array; readonly coded: CodedQuery };

/**
 * Codes of the vectors by slot, a quarter of their size, kept beside the payload indexes. To score the few points that
 * a filter lets through, their vectors would be read from the store, about 2 µs each; these cost a twentieth, and tell
 * which of them need to be read.
 */
export class RowCodes {
  readonly #metric: Metric;
  readonly #table: CodeTable;
  /** Without memory for all rows, nothing is known of any. */
  #usable = true;

  constructor(options: { readonly metric: Metric; readonly dimension: number }) {
    this.#metric = options.metric;
    this.#table = new CodeTable(options.dimension);
  }

  set(slot: number, vector: Float32Array): void {
    this.#usable = this.#usable && this.#table.set(slot, indexed(this.#metric, vector));
  }

  query(vector: Float32Array): RankedQuery {
    const row = indexed(this.#metric, vector);
    return { vector: row, coded: this.#table.code(row) };
  }

  /** Puts into `bounds`, for a part of the slots, the highest score that each can have. */
  bound(
    { coded }: RankedQuery,
    slots: Uint32Array,
    part: { readonly bounds: Float64Array; readonly start: number; readonly end: number },
  ): void {
    const { bounds, start, end } = part;
    if (!this.#usable) {
      bounds.fill(Infinity, start, end);
      return;
    }
    this.#table.bound(coded, slots, part);
    if (this.#metric !== 'euclidean') return;
    const square = coded.length ** 2;
    for (let i = start; i < end; i++) {
      const length = this.#table.lengthOf(slots[i] ?? 0) ** 2;
      const nearest = length + square - 2 * (bounds[i] ?? 0);
      bounds[i] = -Math.sqrt(Math.max(0, nearest - 1e-12 * (length + square)));
    }
  }
}
