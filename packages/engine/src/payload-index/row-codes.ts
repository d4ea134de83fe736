import { limits, type Metric } from '@vectorizer/contracts';
import { BestRows, CodeTable } from '@vectorizer/kernels';
import { indexed, ROW_METRIC } from '../vector/metric.ts';

/** Slots that may be among the best, with the most that each can score. */
export type KeptSlots = {
  readonly slots: Uint32Array;
  readonly bounds: Float64Array;
  /** 1 where the point need not be asked whether it matches. */
  readonly sure: Uint8Array;
};

/**
 * Codes of the vectors by slot, a quarter of their size. To score points their vectors would be read from the store,
 * about 2 µs each; these cost a few nanoseconds, and tell which of them need to be read.
 */
export class RowCodes {
  readonly #metric: Metric;
  readonly #table: CodeTable;
  /** Without memory for all rows, nothing is known of any. */
  #usable = true;

  constructor({ metric, dimension }: { readonly metric: Metric; readonly dimension: number }) {
    this.#metric = metric;
    this.#table = new CodeTable({ dimension, metric: ROW_METRIC[metric], kMax: limits.kMax });
  }

  set(slot: number, vector: Float32Array): void {
    this.#usable = this.#usable && this.#table.set(slot, indexed(this.#metric, vector));
  }

  /** A search for the k best of slots that are to be named; `likely`: some few of them may be left out. */
  best(vector: Float32Array, { k, likely }: { readonly k: number; readonly likely: boolean }): BestSlots {
    if (!this.#usable) return new BestSlots(undefined, (value) => value);
    const query = this.#table.code(indexed(this.#metric, vector), { likely });
    const square = query.length ** 2;
    // A value that was rounded is nearer than it says by less than this.
    const nearest = (value: number): number => Math.max(0, (square - value) * (1 - 1e-12) - square * 1e-12);
    const score =
      this.#metric === 'euclidean' ? (value: number) => -Math.sqrt(nearest(value)) : (value: number) => value;
    return new BestSlots(new BestRows(this.#table, query, k), score);
  }
}

/** See BestRows. */
export class BestSlots {
  readonly #rows: BestRows | undefined;
  readonly #scoreOf: (value: number) => number;
  readonly #all: { readonly slots: Uint32Array; readonly sure: boolean }[] = [];

  /** Without rows all slots are kept. */
  constructor(rows: BestRows | undefined, scoreOf: (value: number) => number) {
    this.#rows = rows;
    this.#scoreOf = scoreOf;
  }

  /** Slots that ascend. `sure`: all of them match. */
  look(slots: Uint32Array, sure: boolean): void {
    if (this.#rows === undefined) this.#all.push({ slots, sure });
    else this.#rows.look(slots, sure);
  }

  kept(): KeptSlots {
    if (this.#rows === undefined) return allOf(this.#all);
    const { rows, bounds, counted } = this.#rows.kept();
    return { slots: rows, bounds: bounds.map(this.#scoreOf), sure: counted };
  }
}

function allOf(parts: readonly { readonly slots: Uint32Array; readonly sure: boolean }[]): KeptSlots {
  const slots = Uint32Array.from(parts.flatMap((part) => [...part.slots]));
  const sure = Uint8Array.from(parts.flatMap((part) => Array.from(part.slots, () => Number(part.sure))));
  return { slots, bounds: new Float64Array(slots.length).fill(Infinity), sure };
}
