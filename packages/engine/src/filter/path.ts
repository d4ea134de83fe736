import type { Json, Payload } from '@vectorizer/contracts';

/**
 * The values at a dotted path. Arrays on the way and at the end stand for their elements; a step that leads nowhere
 * has no values. `present` tells an empty array at the end from an absent key.
 */
export function valuesAt(payload: Payload, path: readonly string[]): { values: readonly Json[]; present: boolean } {
  let level: readonly Json[] = [payload];
  for (const step of path) {
    const next: Json[] = [];
    for (const value of level) collect(value, step, next);
    level = next;
  }
  return { values: level.flatMap(elements), present: level.length > 0 };
}

function collect(value: Json, step: string, into: Json[]): void {
  if (Array.isArray(value)) {
    for (const element of value as readonly Json[]) collect(element, step, into);
    return;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return;
  into.push((value as { readonly [key: string]: Json })[step] ?? null);
}

function elements(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]).flatMap(elements) : [value];
}
