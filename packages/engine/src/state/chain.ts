import { createHash } from 'node:crypto';
import { digestOfEntry, nextInChain } from '@vectorizer/contracts';
import type { Slices } from '../apply/slices.ts';

/** A few megabytes take milliseconds to hash; a part takes a fraction of one. */
const PART_BYTES = 256 * 1024;

/** Folds one entry into the chain, by its digest: that is kept too, and large entries are hashed once. */
export async function extendChain(
  chain: string,
  entry: { readonly sequence: number; readonly bytes: Uint8Array },
  slices: Slices,
): Promise<{ readonly chain: string; readonly digest: string }> {
  const digest = entry.bytes.length <= PART_BYTES ? digestOfEntry(entry.bytes) : await inParts(entry.bytes, slices);
  return { chain: nextInChain(chain, { sequence: entry.sequence, digest }), digest };
}

async function inParts(bytes: Uint8Array, slices: Slices): Promise<string> {
  const digest = createHash('sha256');
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    digest.update(bytes.subarray(start, start + PART_BYTES));
    if (slices.due) await slices.next();
  }
  return digest.digest('hex');
}
