import type { Hit, SearchResult, Sequences } from '@vectorizer/contracts';

/** The result of one search, exact for these sequences. */
export type Cached = {
  readonly sequences: Sequences;
  readonly result: SearchResult;
  /** When its computing began (epoch milliseconds), so that its age is never told too low. */
  readonly at: number;
};

/** What the objects around the data of an entry and of a hit take in the heap, roughly. */
const ENTRY_BYTES = 400;
const HIT_BYTES = 120;

/** Of memory that an entry takes. */
export function bytesOf({ result, sequences }: Cached): number {
  let bytes = ENTRY_BYTES + 8 * sequences.length;
  for (const hit of result.hits) bytes += bytesOfHit(hit);
  for (const warning of result.warnings) bytes += HIT_BYTES + textBytes(warning.message) * 2;
  return bytes;
}

function bytesOfHit({ id, vector, payload }: Hit): number {
  return HIT_BYTES + textBytes(id) + (vector?.byteLength ?? 0) + (typeof payload === 'string' ? textBytes(payload) : 0);
}

/** A string of other than Latin characters takes two bytes for each. */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}
