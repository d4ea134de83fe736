import type { Json, Leaf } from '@vectorizer/contracts';
import type { Bounds } from './bounds.ts';
import type { SlotSet } from './slot-set.ts';

/** The conditions that are about the values at a key; the others are about whether there are any. */
export type ValueLeaf = Exclude<
  Leaf,
  { has_id: unknown } | { exists: unknown } | { is_null: unknown } | { values_count: unknown }
>;

/** The points that have values at a key, by what the index makes of them. Null is no value. */
export type Held = {
  /** Those with a value that the index holds. */
  readonly typed: SlotSet;
  /** Those with several of them, all different. */
  readonly several: SlotSet;
  /** Those with a value of another type: what a condition asks of it, is asked of the payload. */
  readonly others: SlotSet;
};

/** The values of one type at one key, each with the slots of the points that have it. */
export interface ValueIndex<Value> {
  /** The value as the index holds it, or undefined when it is of another type. */
  take(value: Json): Value | undefined;
  /** Twice the same is once. */
  add(value: Value, slot: number): void;
  delete(value: Value, slot: number): void;
  bounds(leaf: ValueLeaf, held: Held): Bounds;
}
