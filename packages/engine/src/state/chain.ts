import { createHash } from 'node:crypto';
import type { Slices } from '../apply/slices.ts';
import type { Link } from './proofs.ts';

/** Of a larger entry the digest is worked out at once: it takes long, and its bytes are not kept for it. */
const PUT_OFF_BYTES_MAX = 8 * 1024;
/** A few megabytes take milliseconds to hash; a part takes a fraction of one. */
const PART_BYTES = 256 * 1024;

/** The entry as the chain takes it in. */
export async function linkOf(
  { sequence, bytes }: { readonly sequence: number; readonly bytes: Uint8Array },
  slices: Slices,
): Promise<Link> {
  if (bytes.length <= PUT_OFF_BYTES_MAX) return { sequence, bytes };
  const digest = createHash('sha256');
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    digest.update(bytes.subarray(start, start + PART_BYTES));
    if (slices.due) await slices.next();
  }
  return { sequence, bytes: NO_BYTES, digest: digest.digest('hex') };
}

const NO_BYTES = new Uint8Array();
