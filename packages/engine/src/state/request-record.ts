import { createHash } from 'node:crypto';
import { pack, unpack } from 'msgpackr';
import { damaged } from '../snapshot/damaged.ts';
import type { Remembered } from './request-table.ts';

/**
 * A mark, the SHA-256 of all else, and the request as MessagePack, which never begins with this byte. Records without the
 * mark are of releases that kept no digest; both are read, this one is written.
 */
const MARK = 0xc1;
const DIGEST_END = 33;

/** `order` is the key: of a record that has come under another one, the digest is wrong. */
export function encodeRemembered(order: number, request: Remembered): Buffer {
  const packed = pack(request);
  return Buffer.concat([Buffer.of(MARK), digestOf(order, packed), packed]);
}

/** Throws a failure that `isDamaged` when it is not what was written. */
export function decodeRemembered(order: number, bytes: Buffer): Remembered {
  if (bytes[0] !== MARK) return unpack(bytes) as Remembered;
  const packed = bytes.subarray(DIGEST_END);
  if (!digestOf(order, packed).equals(bytes.subarray(1, DIGEST_END))) {
    throw damaged(`remembered request ${order} is not what was written`);
  }
  return unpack(packed) as Remembered;
}

function digestOf(order: number, packed: Buffer): Buffer {
  return createHash('sha256').update(`${order}:`).update(packed).digest();
}
