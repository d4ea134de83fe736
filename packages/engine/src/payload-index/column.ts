import type { Json, Leaf, Payload, PayloadIndex, PayloadIndexType } from '@vectorizer/contracts';
import { valuesAt } from '../filter/path.ts';
import { compileRange } from '../filter/range.ts';
import { atMost, exactly, not, type Bounds } from './bounds.ts';
import { GeoValues } from './geo-values.ts';
import { ListedValues } from './listed-values.ts';
import { SlotSet } from './slot-set.ts';
import { SortedValues } from './sorted-values.ts';
import type { ValueIndex } from './value-index.ts';

/** A condition on a payload key. */
export type KeyLeaf = Extract<Leaf, { key: string }>;

/** One payload index: what it knows agrees with what the filter says of the payloads, for every condition on its key. */
export interface Column {
  readonly definition: PayloadIndex;
  /** How many points have something at the key. */
  readonly points: number;
  /** The point at a slot had one payload and has another. Taking in the same again changes nothing. */
  change(slot: number, before: Payload | undefined, after: Payload | undefined): void;
  /** `all` are the slots of all points. */
  bounds(leaf: KeyLeaf, all: SlotSet): Bounds;
}

export function createColumn(definition: PayloadIndex): Column {
  return columns[definition.type](definition);
}

class ValueColumn<Value> implements Column {
  readonly definition: PayloadIndex;
  readonly #path: readonly string[];
  readonly #index: ValueIndex<Value>;
  readonly #present = new SlotSet();
  readonly #nulls = new SlotSet();
  readonly #held = { typed: new SlotSet(), several: new SlotSet(), others: new SlotSet() };

  constructor(definition: PayloadIndex, index: ValueIndex<Value>) {
    this.definition = definition;
    this.#path = definition.key.split('.');
    this.#index = index;
  }

  get points(): number {
    return this.#present.size;
  }

  change(slot: number, before: Payload | undefined, after: Payload | undefined): void {
    if (before !== undefined) {
      for (const value of valuesAt(before, this.#path).values) {
        const taken = this.#index.take(value);
        if (taken !== undefined) this.#index.delete(taken, slot);
      }
    }
    const { values, present } = after === undefined ? NOTHING : valuesAt(after, this.#path);
    const sorts = { typed: 0, nulls: 0, others: 0 };
    const different = new Set<unknown>();
    for (const value of values) {
      const taken = this.#index.take(value);
      if (taken !== undefined) this.#index.add(taken, slot);
      sorts[taken !== undefined ? 'typed' : value === null ? 'nulls' : 'others'] += 1;
      if (taken !== undefined) different.add(taken);
    }
    put(this.#present, slot, present);
    put(this.#nulls, slot, sorts.nulls > 0);
    put(this.#held.typed, slot, sorts.typed > 0);
    put(this.#held.several, slot, different.size > 1);
    put(this.#held.others, slot, sorts.others > 0);
  }

  bounds(leaf: KeyLeaf, all: SlotSet): Bounds {
    if ('exists' in leaf) return leaf.exists ? exactly(this.#present) : not(exactly(this.#present), all);
    if ('is_null' in leaf) return leaf.is_null ? exactly(this.#nulls) : not(exactly(this.#nulls), all);
    if ('values_count' in leaf) return this.#countBounds(leaf.values_count, all);
    return this.#index.bounds(leaf, this.#held);
  }

  /** Which points have any value is known; how many, of those that may have several, only their payloads tell. */
  #countBounds(counts: Extract<KeyLeaf, { values_count: unknown }>['values_count'], all: SlotSet): Bounds {
    const isWanted = compileRange(counts);
    const some = exactly(SlotSet.union([this.#held.typed, this.#held.others]));
    const hasMost = counts.lt !== undefined || counts.lte !== undefined;
    if (isWanted(0)) return isWanted(1) ? atMost(all) : not(some, all);
    return isWanted(1) && !hasMost ? some : atMost(some.possible);
  }
}

const columns: Readonly<Record<PayloadIndexType, (definition: PayloadIndex) => Column>> = {
  keyword: (definition) => new ValueColumn(definition, new ListedValues<string>('string')),
  bool: (definition) => new ValueColumn(definition, new ListedValues<boolean>('boolean')),
  integer: (definition) => new ValueColumn(definition, new SortedValues('number')),
  float: (definition) => new ValueColumn(definition, new SortedValues('number')),
  datetime: (definition) => new ValueColumn(definition, new SortedValues('time')),
  geo: (definition) => new ValueColumn(definition, new GeoValues()),
};

const NOTHING: { readonly values: readonly Json[]; readonly present: boolean } = { values: [], present: false };

function put(set: SlotSet, slot: number, belongs: boolean): void {
  if (belongs) set.add(slot);
  else set.delete(slot);
}
