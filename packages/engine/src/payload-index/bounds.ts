import { SlotSet } from './slot-set.ts';

/**
 * What the indexes know of the points that a condition holds for: it holds for all of `sure`, and for none outside
 * `possible`. What lies between has to be asked of the payloads. One set twice: the indexes know it exactly.
 */
export type Bounds = { readonly sure: SlotSet; readonly possible: SlotSet };

const NOTHING = new SlotSet();

export function exactly(set: SlotSet): Bounds {
  return { sure: set, possible: set };
}

/** Nothing is known but that the condition holds for none outside. */
export function atMost(possible: SlotSet): Bounds {
  return { sure: NOTHING, possible };
}

export function isExact({ sure, possible }: Bounds): boolean {
  return sure === possible;
}

export function allOf(bounds: readonly Bounds[]): Bounds {
  const possible = SlotSet.intersection(bounds.map((each) => each.possible));
  return bounds.every(isExact)
    ? exactly(possible)
    : { sure: SlotSet.intersection(bounds.map(({ sure }) => sure)), possible };
}

export function anyOf(bounds: readonly Bounds[]): Bounds {
  const possible = SlotSet.union(bounds.map((each) => each.possible));
  return bounds.every(isExact) ? exactly(possible) : { sure: SlotSet.union(bounds.map(({ sure }) => sure)), possible };
}

/** Holds for the others of `all`. */
export function not(bounds: Bounds, all: SlotSet): Bounds {
  const sure = SlotSet.difference(all, bounds.possible);
  return isExact(bounds) ? exactly(sure) : { sure, possible: SlotSet.difference(all, bounds.sure) };
}
