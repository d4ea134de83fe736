import { hash } from 'node:crypto';

/** The chain before the first entry. */
export const CHAIN_START = '0'.repeat(64);

/** SHA-256 of an entry's bytes. */
export function digestOfEntry(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** The chain with one more entry: SHA-256 of the chain so far, the sequence (u64 little-endian) and the entry's digest. */
export function nextInChain(chain: string, entry: { readonly sequence: number; readonly digest: string }): string {
  const link = Buffer.allocUnsafe(72);
  link.write(chain, 0, 'hex');
  link.writeBigUInt64LE(BigInt(entry.sequence), 32);
  link.write(entry.digest, 40, 'hex');
  return hash('sha256', link, 'hex');
}
