import { SlotSet } from './slot-set.ts';

/** The ids that slots had when they first changed hands or content, since the watch began. */
export type Watch = Disposable & { readonly before: ReadonlyMap<number, string> };

/**
 * Gives each point a small whole number, its slot, so that sets of points are sets of numbers. A slot that is given up
 * is given out again, the last one first.
 */
export class SlotTable {
  readonly #slots = new Map<string, number>();
  readonly #ids: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #watches = new Set<Map<number, string>>();
  /** Every slot that has a point. */
  readonly live = new SlotSet();

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  idOf(slot: number): string | undefined {
    return this.#ids[slot];
  }

  /** The point's slot, a new one if it has none. */
  ensure(id: string): number {
    const known = this.#slots.get(id);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#ids.length;
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    this.live.add(slot);
    return slot;
  }

  release(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.changed(slot);
    this.#slots.delete(id);
    this.#ids[slot] = undefined;
    this.#free.push(slot);
    this.live.delete(slot);
  }

  /** Told before the point at the slot becomes another: a search that has given way goes on with what it began with. */
  changed(slot: number): void {
    const id = this.#ids[slot];
    if (id === undefined) return;
    for (const before of this.#watches) if (!before.has(slot)) before.set(slot, id);
  }

  watch(): Watch {
    const before = new Map<number, string>();
    this.#watches.add(before);
    return { before, [Symbol.dispose]: () => this.#watches.delete(before) };
  }
}
