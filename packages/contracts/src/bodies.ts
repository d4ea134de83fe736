import { isAscii, isUtf8 } from 'node:buffer';
import { Unpackr } from 'msgpackr';
import { Failure } from '@vectorizer/errors';
import { hasMoreInJson, hasMoreInMessagePack } from './containers.ts';
import { limits } from './limits.ts';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** What a client sent as JSON. */
export function readJson(bytes: Buffer): unknown {
  // Decoding would replace bad bytes by U+FFFD, and store an id that nobody sent.
  if (!isUtf8(bytes)) throw new Failure('malformed_body', 'the body is not UTF-8');
  if (mayHaveMany(bytes) && hasMoreInJson(bytes, limits.bodyContainersMax)) throw tooMany();
  try {
    return JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** What a client sent as MessagePack. */
export function readMessagePack(bytes: Buffer): unknown {
  if (mayHaveMany(bytes) && hasMoreInMessagePack(bytes, limits.bodyContainersMax)) throw tooMany();
  try {
    return unpackr.unpack(bytes);
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not MessagePack: ${messageOf(cause)}`, { cause });
  }
}

/** Of a body that is shorter there is nothing to fear, and usually nothing to wait for. */
function mayHaveMany(bytes: Buffer): boolean {
  return bytes.length > limits.bodyContainersMax;
}

function tooMany(): Failure {
  const limit = limits.bodyContainersMax;
  return new Failure('payload_too_large', `the body has more than ${limit} objects and arrays`, { details: { limit } });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
