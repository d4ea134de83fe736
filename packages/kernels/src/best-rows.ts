import type { CodeTable, TableQuery } from './code-table.ts';
import type { Heap } from './row-look.ts';

/** Rows that may be among the best, with the most that each can score. */
export type KeptRows = {
  readonly rows: Uint32Array;
  readonly bounds: Float64Array;
  /** 1 where the row was counted. */
  readonly counted: Uint8Array;
};

/**
 * Looks for the k best of rows that are given to it part by part, between which other searches may have their turn. What it
 * keeps has all of the k best among those that were counted, and of the others all that may be better than the last of
 * these: usually a few more than k.
 */
export class BestRows {
  readonly #table: CodeTable;
  readonly #query: TableQuery;
  readonly #heap: Heap;
  readonly #rows: number[] = [];
  readonly #bounds: number[] = [];
  readonly #counted: number[] = [];

  constructor(table: CodeTable, query: TableQuery, k: number) {
    this.#table = table;
    this.#query = query;
    this.#heap = { scores: new Float64Array(k), size: 0 };
  }

  /** `counted`: all of these rows, which ascend, are wanted. Of others it is not known yet, so they push nobody out. */
  look(rows: Uint32Array, counted: boolean): void {
    this.#table.look(this.#query, { rows, heap: this.#heap, counted }, (row, bound) => {
      this.#rows.push(row);
      this.#bounds.push(bound);
      this.#counted.push(Number(counted));
    });
  }

  /** In the order in which they were looked at. Early ones were kept by a lower measure than late ones. */
  kept(): KeptRows {
    const { scores, size } = this.#heap;
    const floor = size === scores.length ? (scores[0] ?? -Infinity) : -Infinity;
    const places = [...this.#bounds.keys()].filter((place) => (this.#bounds[place] ?? 0) >= floor);
    const of = (from: readonly number[]): number[] => places.map((place) => from[place] ?? 0);
    return {
      rows: Uint32Array.from(of(this.#rows)),
      bounds: Float64Array.from(of(this.#bounds)),
      counted: Uint8Array.from(of(this.#counted)),
    };
  }
}
