import type { Json } from '@vectorizer/contracts';
import { comparesTimes, intervalOf, timeOf, type Interval } from '../filter/range.ts';
import { atMost, exactly, type Bounds } from './bounds.ts';
import { anyValue, matchBounds } from './listed-values.ts';
import type { SlotSet } from './slot-set.ts';
import { SortedPairs } from './sorted-pairs.ts';
import type { Held, ValueIndex, ValueLeaf } from './value-index.ts';

/** Numbers, or times in milliseconds, in order. */
export class SortedValues implements ValueIndex<number> {
  readonly #of: 'number' | 'time';
  readonly #pairs = new SortedPairs();

  constructor(of: 'number' | 'time') {
    this.#of = of;
  }

  take(value: Json): number | undefined {
    if (this.#of === 'number') return typeof value === 'number' ? unsigned(value) : undefined;
    const time = typeof value === 'string' ? timeOf(value) : NaN;
    return Number.isNaN(time) ? undefined : time;
  }

  add(value: number, slot: number): void {
    this.#pairs.add(value, slot);
  }

  delete(value: number, slot: number): void {
    this.#pairs.delete(value, slot);
  }

  bounds(leaf: ValueLeaf, held: Held): Bounds {
    if ('range' in leaf) {
      const asked = comparesTimes(leaf.range) ? 'time' : 'number';
      return asked === this.#of ? exactly(this.#within(intervalOf(leaf.range))) : atMost(held.others);
    }
    if ('match' in leaf) return this.#of === 'number' ? this.#numbers(leaf.match, held) : anyValue(held);
    return atMost(held.others);
  }

  #numbers(match: Extract<ValueLeaf, { match: unknown }>['match'], held: Held): Bounds {
    return matchBounds(match, held, (value) => {
      if (typeof value !== 'number') return undefined;
      const number = unsigned(value);
      return this.#within({ low: number, lowOpen: false, high: number, highOpen: false });
    });
  }

  #within(interval: Interval): SlotSet {
    return this.#pairs.itemsIn(interval);
  }
}

/** -0 equals 0, and is another key. */
function unsigned(value: number): number {
  return value === 0 ? 0 : value;
}
