import { createHash } from 'node:crypto';
import { pack, unpack } from 'msgpackr';
import { damaged } from '../snapshot/damaged.ts';
import { Fingerprint } from './fingerprint.ts';
import type { Remembered } from './request-table.ts';

/**
 * A mark, the SHA-256 of all else, and the request as MessagePack, which never begins with this byte. Records without the
 * mark are of releases that kept no digest; both are read, this one is written.
 */
const MARK = 0xc1;
const DIGEST_END = 33;

/** `order` is the key: of a record that has come under another one, the digest is wrong. */
export function encodeRemembered(order: number, request: Remembered): Buffer {
  const packed = pack({ ...request, fingerprint: request.fingerprint.text });
  return Buffer.concat([Buffer.of(MARK), digestOf(order, packed), packed]);
}

/** Throws a failure that `isDamaged` when it is not what was written. */
export function decodeRemembered(order: number, bytes: Buffer): Remembered {
  if (bytes[0] !== MARK) return unpacked(bytes);
  const packed = bytes.subarray(DIGEST_END);
  if (!digestOf(order, packed).equals(bytes.subarray(1, DIGEST_END))) {
    throw damaged(`remembered request ${order} is not what was written`);
  }
  return unpacked(packed);
}

function unpacked(packed: Uint8Array): Remembered {
  const stored = unpack(packed) as Omit<Remembered, 'fingerprint'> & { readonly fingerprint: string };
  return { ...stored, fingerprint: Fingerprint.known(stored.fingerprint) };
}

function digestOf(order: number, packed: Buffer): Buffer {
  return createHash('sha256').update(`${order}:`).update(packed).digest();
}
