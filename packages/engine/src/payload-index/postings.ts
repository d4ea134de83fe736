import { SlotSet } from './slot-set.ts';

/** For each key the slots that have it. Most keys of a unique field have one slot, which needs no set. */
export class Postings<Key> {
  readonly #slots = new Map<Key, number | SlotSet>();

  has(key: Key): boolean {
    return this.#slots.has(key);
  }

  slotsOf(key: Key): SlotSet {
    const slots = this.#slots.get(key);
    if (slots === undefined) return new SlotSet();
    return typeof slots === 'number' ? SlotSet.of([slots]) : slots;
  }

  add(key: Key, slot: number): void {
    const slots = this.#slots.get(key);
    if (slots === undefined) this.#slots.set(key, slot);
    else if (typeof slots !== 'number') slots.add(slot);
    else if (slots !== slot) this.#slots.set(key, SlotSet.of([slots, slot]));
  }

  delete(key: Key, slot: number): void {
    const slots = this.#slots.get(key);
    if (slots === slot) this.#slots.delete(key);
    if (slots === undefined || typeof slots === 'number') return;
    slots.delete(slot);
    if (slots.size === 0) this.#slots.delete(key);
  }
}
