import { createHash, hash } from 'node:crypto';
import type { Slices } from '../apply/slices.ts';

/** The chain before the first entry. */
export const CHAIN_START = '0'.repeat(64);
/** A few megabytes take milliseconds to hash; a part takes a fraction of one. */
const PART_BYTES = 256 * 1024;

/**
 * Folds one entry into the chain: SHA-256 of the chain so far, the sequence (u64 little-endian) and the entry's digest.
 * The digest, not the bytes: it is kept too, and large entries are hashed once.
 */
export async function extendChain(
  chain: string,
  entry: { readonly sequence: number; readonly bytes: Uint8Array },
  slices: Slices,
): Promise<{ readonly chain: string; readonly digest: string }> {
  const digest = entry.bytes.length <= PART_BYTES ? digestOfEntry(entry.bytes) : await inParts(entry.bytes, slices);
  const link = Buffer.allocUnsafe(72);
  link.write(chain, 0, 'hex');
  link.writeBigUInt64LE(BigInt(entry.sequence), 32);
  link.write(digest, 40, 'hex');
  return { chain: hash('sha256', link, 'hex'), digest };
}

/** SHA-256 of an entry's bytes, as a replica remembers it of the last entry that it applied. */
export function digestOfEntry(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

async function inParts(bytes: Uint8Array, slices: Slices): Promise<string> {
  const digest = createHash('sha256');
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    digest.update(bytes.subarray(start, start + PART_BYTES));
    if (slices.due) await slices.next();
  }
  return digest.digest('hex');
}
