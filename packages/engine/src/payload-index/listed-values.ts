import type { Json, Leaf } from '@vectorizer/contracts';
import { atMost, exactly, type Bounds } from './bounds.ts';
import { Postings } from './postings.ts';
import { SlotSet } from './slot-set.ts';
import type { Held, ValueIndex, ValueLeaf } from './value-index.ts';

type Match = Extract<Leaf, { match: unknown }>['match'];

/** Keywords and booleans: for each value the slots that have it. */
export class ListedValues<Value extends string | boolean> implements ValueIndex<Value> {
  readonly #type: 'string' | 'boolean';
  readonly #slots = new Postings<Json>();

  constructor(type: 'string' | 'boolean') {
    this.#type = type;
  }

  take(value: Json): Value | undefined {
    return typeof value === this.#type ? (value as Value) : undefined;
  }

  add(value: Value, slot: number): void {
    this.#slots.add(value, slot);
  }

  delete(value: Value, slot: number): void {
    this.#slots.delete(value, slot);
  }

  bounds(leaf: ValueLeaf, held: Held): Bounds {
    if ('match' in leaf) {
      return matchBounds(leaf.match, held, (value) =>
        typeof value === this.#type ? this.#slots.slotsOf(value) : undefined,
      );
    }
    // A text may be a time. Of what else a condition may ask, the index holds nothing.
    return 'range' in leaf && this.#type === 'string' ? anyValue(held) : atMost(held.others);
  }
}

/** What a match comes to, given the slots of each value that the index can hold. */
export function matchBounds(match: Match, held: Held, slotsOf: (value: Json) => SlotSet | undefined): Bounds {
  if ('except' in match) {
    return exceptBounds(
      held,
      match.except.flatMap((value) => slotsOf(value) ?? []),
    );
  }
  const values = 'value' in match ? [match.value] : match.any;
  const slots = values.map(slotsOf);
  const found = SlotSet.union(slots.filter((each) => each !== undefined));
  const elsewhere = slots.includes(undefined) && held.others.size > 0;
  return elsewhere ? { sure: found, possible: SlotSet.union([found, held.others]) } : exactly(found);
}

/** Any value but the listed: one who has such and no listed one is sure, one who has several may have both. */
function exceptBounds({ typed, several, others }: Held, listed: readonly SlotSet[]): Bounds {
  const sure = SlotSet.difference(typed, SlotSet.union(listed));
  if (several.size === 0 && others.size === 0) return exactly(sure);
  return { sure, possible: SlotSet.union([sure, several, others]) };
}

export function anyValue({ typed, others }: Held): Bounds {
  return atMost(SlotSet.union([typed, others]));
}
