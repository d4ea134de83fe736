import { z } from 'zod';

/**
 * Of the forms that a vector has there, the one that there is here: the components alone, or under the name "", which is
 * that of a vector without one. What is in them our own schema of a vector checks.
 */
export const UnnamedVector = z.unknown().transform((input, context): unknown => {
  const vector = unnamed(input);
  const reason = vector === undefined ? NAMED : whyNot(vector);
  if (reason === undefined) return vector;
  context.addIssue({ code: 'custom', message: reason });
  return z.NEVER;
});

export const NAMED = 'named vectors are not supported: a point has one vector, without a name';

/** What is under the name "", or what has no names; undefined for what has others. */
export function unnamed(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) return input;
  const names = Object.keys(input);
  if (names.length === 1 && names[0] === '') return Reflect.get(input, '');
  // What is no map of names is told from one by what it has.
  return ['indices', 'text', 'image', 'object'].some((field) => Object.hasOwn(input, field)) ? input : undefined;
}

function whyNot(vector: unknown): string | undefined {
  if (ArrayBuffer.isView(vector)) return undefined;
  if (Array.isArray(vector))
    return Array.isArray(vector[0]) ? 'several vectors of one point are not supported' : undefined;
  if (typeof vector !== 'object' || vector === null) return 'expected an array of numbers';
  return Object.hasOwn(vector, 'indices')
    ? 'sparse vectors are not supported'
    : 'texts and images are not made into vectors here: send the vector';
}
