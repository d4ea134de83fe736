import { createHash } from 'node:crypto';
import type { Slices } from '../apply/slices.ts';

/** The chain before the first entry. */
export const CHAIN_START = '0'.repeat(64);
/** A few megabytes take milliseconds to hash; a part takes a fraction of one. */
const PART_BYTES = 256 * 1024;

/** Folds one entry into the chain: SHA-256 of the chain so far, the sequence (u64 little-endian) and the entry's bytes. */
export async function extendChain(
  chain: string,
  entry: { readonly sequence: number; readonly bytes: Uint8Array },
  slices: Slices,
): Promise<{ readonly chain: string; readonly digest: string }> {
  const sequence = Buffer.allocUnsafe(8);
  sequence.writeBigUInt64LE(BigInt(entry.sequence));
  const chained = createHash('sha256').update(Buffer.from(chain, 'hex')).update(sequence);
  const alone = createHash('sha256');
  for (let start = 0; start < entry.bytes.length; start += PART_BYTES) {
    const part = entry.bytes.subarray(start, start + PART_BYTES);
    chained.update(part);
    alone.update(part);
    if (slices.due) await slices.next();
  }
  return { chain: chained.digest('hex'), digest: alone.digest('hex') };
}

/** SHA-256 of an entry's bytes, as a replica remembers it of the last entry that it applied. */
export function digestOfEntry(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
