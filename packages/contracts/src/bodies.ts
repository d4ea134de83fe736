import { isAscii, isUtf8 } from 'node:buffer';
import { Unpackr } from 'msgpackr';
import { Failure } from '@vectorizer/errors';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** What a client sent as JSON. */
export function readJson(bytes: Buffer): unknown {
  // Decoding would replace bad bytes by U+FFFD, and store an id that nobody sent.
  if (!isUtf8(bytes)) throw new Failure('malformed_body', 'the body is not UTF-8');
  try {
    return JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** What a client sent as MessagePack. */
export function readMessagePack(bytes: Buffer): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not MessagePack: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
