import { limits } from './limits.ts';

/** A quarter of an entry: a request that weighs more is cut into several entries, each of which is there as a whole or not. */
export const REQUEST_WEIGHT_MAX = limits.entryBytesMax / 4;

/** Kind, versions and lengths. */
const OPERATION_BYTES = 64;
/** The most that UTF-8 needs. */
const CHARACTER_BYTES = 3;

/** About what an operation takes in an entry, never less. */
export function operationWeight(operation: {
  readonly idCharacters?: number | undefined;
  readonly payloadCharacters?: number | undefined;
  readonly vector?: Float32Array | undefined;
}): number {
  const { idCharacters = 0, payloadCharacters = 0, vector } = operation;
  return OPERATION_BYTES + CHARACTER_BYTES * (idCharacters + payloadCharacters) + (vector?.byteLength ?? 0);
}
