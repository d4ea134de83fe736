import type { Json, Range } from '@vectorizer/contracts';

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Bounds given as numbers compare numbers, bounds given as times compare ISO 8601 texts. Nothing else is in a range. */
export function compileRange(range: Range): (value: Json) => boolean {
  const { gt, gte, lt, lte } = range;
  const times = [gt, gte, lt, lte].some((given) => typeof given === 'string');
  const [above, from, below, to] = [bound(gt), bound(gte), bound(lt), bound(lte)];
  return (value) => {
    const x = times ? (typeof value === 'string' ? timeOf(value) : NaN) : value;
    if (typeof x !== 'number' || Number.isNaN(x)) return false;
    if (above !== undefined && !(x > above)) return false;
    if (from !== undefined && !(x >= from)) return false;
    if (below !== undefined && !(x < below)) return false;
    return to === undefined || x <= to;
  };
}

/** In milliseconds; NaN for what is no time. Without an offset it is UTC: a machine's own zone must not decide. */
function timeOf(text: string): number {
  const parts = ISO_TIME.exec(text);
  if (parts === null) return NaN;
  return Date.parse(text.includes('T') && parts[1] === undefined ? `${text}Z` : text);
}

function bound(value: number | string | undefined): number | undefined {
  return typeof value === 'string' ? timeOf(value) : value;
}
