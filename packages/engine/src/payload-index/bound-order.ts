/** How many are put in order at first; usually enough for a search of ten. Each time that more are wanted, twice as many. */
const FIRST = 64;

/**
 * Hands out the places of bounds, the highest bound first. Few are asked for, so few are put in order: each batch is
 * found in one pass that mostly compares a bound with the lowest of the batch.
 */
export class BoundOrder {
  readonly #bounds: Float64Array;
  #batch: number[] = [];
  #next = 0;
  #batchSize = FIRST;
  #left: number;

  constructor(bounds: Float64Array) {
    this.#bounds = bounds;
    this.#left = bounds.length;
    this.#fill(Infinity, -1);
  }

  /** How many are left. */
  get size(): number {
    return this.#left;
  }

  /** The highest bound that is left, -Infinity when none is. */
  get bound(): number {
    const place = this.#batch[this.#next];
    return place === undefined ? -Infinity : (this.#bounds[place] ?? -Infinity);
  }

  /** The place of the highest bound. */
  pop(): number {
    const place = this.#batch[this.#next] ?? 0;
    this.#next += 1;
    this.#left -= 1;
    if (this.#next === this.#batch.length && this.#left > 0) this.#fill(this.#bounds[place] ?? 0, place);
    return place;
  }

  /** With the best of those that come after a bound at a place; of equal bounds the lower place comes first. */
  #fill(bound: number, place: number): void {
    const bounds = this.#bounds;
    const batch: number[] = [];
    let floor = -Infinity;
    const cut = (): void => {
      batch.sort((a, b) => (bounds[b] ?? 0) - (bounds[a] ?? 0) || a - b);
      if (batch.length < this.#batchSize) return;
      batch.length = this.#batchSize;
      floor = bounds[batch.at(-1) ?? 0] ?? -Infinity;
    };
    for (let i = 0; i < bounds.length; i++) {
      const found = bounds[i] ?? 0;
      if (found < floor || found > bound || (found === bound && i <= place)) continue;
      batch.push(i);
      if (batch.length >= this.#batchSize * 2) cut();
    }
    cut();
    this.#batch = batch;
    this.#next = 0;
    this.#batchSize *= 2;
  }
}
