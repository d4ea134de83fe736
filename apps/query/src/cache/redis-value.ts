import { hash } from 'node:crypto';
import { Packr } from 'msgpackr';
import type { Cached } from './cached.ts';

/**
 * What is stored in Redis: a mark with the form's version, a SHA-256 over the key and the rest, and the entry in
 * MessagePack. A value that was damaged, cut, or stored under another key is thus no value.
 */
const MARK = Buffer.from('VZC1');
const DIGEST_BYTES = 32;
const HEADER_BYTES = MARK.length + DIGEST_BYTES;

const packr = new Packr({ moreTypes: true, useRecords: false });

export function encodeValue(key: string, { sequences, result, at }: Cached): Buffer {
  return seal(key, packr.pack([sequences, at, result.hits, result.warnings]));
}

/** Undefined for what is not a value of this key. */
export function decodeValue(key: string, value: Buffer): Cached | undefined {
  const body = unseal(key, value);
  const packed = body === undefined ? undefined : unpack(body);
  if (!isPacked(packed)) return undefined;
  const [sequences, at, hits, warnings] = packed;
  return { sequences, at, result: { hits, warnings } };
}

type Packed = readonly [Cached['sequences'], number, Cached['result']['hits'], Cached['result']['warnings']];

function isPacked(value: unknown): value is Packed {
  if (!Array.isArray(value)) return false;
  const [sequences, at, hits, warnings] = value as readonly unknown[];
  return Array.isArray(sequences) && typeof at === 'number' && Array.isArray(hits) && Array.isArray(warnings);
}

/** Undefined for what is no MessagePack. */
export function unpack(body: Buffer): unknown {
  try {
    return packr.unpack(body);
  } catch {
    return undefined;
  }
}

export function seal(key: string, body: Buffer): Buffer {
  return Buffer.concat([MARK, digestOf(key, body), body]);
}

/** Undefined for what was not sealed under this key, or is not as it was. */
export function unseal(key: string, value: Buffer): Buffer | undefined {
  if (value.length <= HEADER_BYTES || !value.subarray(0, MARK.length).equals(MARK)) return undefined;
  const body = value.subarray(HEADER_BYTES);
  return value.subarray(MARK.length, HEADER_BYTES).equals(digestOf(key, body)) ? body : undefined;
}

/** The length of a key is hashed with it, so where it ends is certain. */
function digestOf(key: string, body: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${key.length}:${key}`), body]), 'buffer');
}
