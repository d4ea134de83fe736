/** Hands out the places of bounds, the highest bound first. Most are never asked for, so they are not sorted. */
export class BoundHeap {
  readonly #bounds: Float64Array;
  readonly #heap: Uint32Array;
  #size: number;

  constructor(bounds: Float64Array) {
    this.#bounds = bounds;
    this.#size = bounds.length;
    this.#heap = Uint32Array.from(bounds.keys());
    for (let at = (this.#size >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The highest bound that is left, -Infinity when none is. */
  get bound(): number {
    return this.#size === 0 ? -Infinity : (this.#bounds[this.#heap[0] ?? 0] ?? -Infinity);
  }

  get size(): number {
    return this.#size;
  }

  /** The place of the highest bound. */
  pop(): number {
    const place = this.#heap[0] ?? 0;
    this.#size -= 1;
    this.#heap[0] = this.#heap[this.#size] ?? 0;
    this.#sink(0);
    return place;
  }

  #sink(from: number): void {
    const place = this.#heap[from] ?? 0;
    const bound = this.#bounds[place] ?? -Infinity;
    let at = from;
    for (let child = at * 2 + 1; child < this.#size; child = at * 2 + 1) {
      if (child + 1 < this.#size && this.#at(child + 1) > this.#at(child)) child += 1;
      if (this.#at(child) <= bound) break;
      this.#heap[at] = this.#heap[child] ?? 0;
      at = child;
    }
    this.#heap[at] = place;
  }

  #at(position: number): number {
    return this.#bounds[this.#heap[position] ?? 0] ?? -Infinity;
  }
}
