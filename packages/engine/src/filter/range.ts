import type { Json, Range } from '@vectorizer/contracts';

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** From one number to another; an open end leaves out the number itself. NaN at an end lets nothing in. */
export type Interval = {
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
};

/** Bounds given as numbers compare numbers, bounds given as times compare ISO 8601 texts. Nothing else is in a range. */
export function compileRange(range: Range): (value: Json) => boolean {
  const times = comparesTimes(range);
  const { low, lowOpen, high, highOpen } = intervalOf(range);
  return (value) => {
    const x = times ? (typeof value === 'string' ? timeOf(value) : NaN) : value;
    if (typeof x !== 'number') return false;
    return (lowOpen ? x > low : x >= low) && (highOpen ? x < high : x <= high);
  };
}

export function comparesTimes({ gt, gte, lt, lte }: Range): boolean {
  return [gt, gte, lt, lte].some((given) => typeof given === 'string');
}

/** Of numbers, or of times in milliseconds. */
export function intervalOf({ gt, gte, lt, lte }: Range): Interval {
  const [above, from, below, to] = [bound(gt), bound(gte), bound(lt), bound(lte)];
  const low = Math.max(above ?? -Infinity, from ?? -Infinity);
  const high = Math.min(below ?? Infinity, to ?? Infinity);
  return { low, lowOpen: above === low, high, highOpen: below === high };
}

/** In milliseconds; NaN for what is no time. Without an offset it is UTC: a machine's own zone must not decide. */
export function timeOf(text: string): number {
  const parts = ISO_TIME.exec(text);
  if (parts === null) return NaN;
  return Date.parse(text.includes('T') && parts[1] === undefined ? `${text}Z` : text);
}

function bound(value: number | string | undefined): number | undefined {
  return typeof value === 'string' ? timeOf(value) : value;
}
