import { parsePayload, type Json, type PointView } from '@vectorizer/contracts';

type Leaf = Exclude<Json, readonly Json[] | { readonly [key: string]: Json }>;

/** The steps of a key, in which an array stands for its elements with and without `[]`. */
export function stepsOf(key: string): string[] {
  return key.replaceAll('[]', '').split('.');
}

/** What lies at a key of a point's payload: of arrays their elements, of objects nothing. */
export function leavesAt({ payload }: PointView, steps: readonly string[]): Leaf[] {
  return payload === undefined || payload === null ? [] : leavesIn(parsePayload(payload), steps);
}

function leavesIn(value: Json | undefined, steps: readonly string[]): Leaf[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((each) => leavesIn(each, steps));
  const [step, ...rest] = steps;
  const isObject = typeof value === 'object' && value !== null;
  if (step === undefined) return isObject || value === undefined ? [] : [value];
  return isObject && Object.hasOwn(value, step)
    ? leavesIn((value as { readonly [key: string]: Json })[step], rest)
    : [];
}
