import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { CollectionUid } from './names.ts';
import { Sequences } from './procedures.ts';
import { LOG_STREAM_PREFIX } from './subjects.ts';

const LOG_STREAM = new RegExp(`^${LOG_STREAM_PREFIX}([^_]+)_(\\d{1,2})$`);
/** The decoder leaves out all else, so that a token would still be one that something was done to on its way. */
const BASE64URL = /^[\w-]+$/;
const Token = z.strictObject({ u: CollectionUid, s: Sequences });

/** Says which sequence of each shard of one collection a client has seen. Opaque to clients; sent in `X-Vectorizer-Token`. */
export function encodeToken(uid: CollectionUid, sequences: Sequences): string {
  return Buffer.from(JSON.stringify({ u: uid, s: sequences })).toString('base64url');
}

/** What a text of JSON in base64url says. Throws for any other. */
export function fromOpaque(text: string): unknown {
  return JSON.parse(Buffer.from(BASE64URL.test(text) ? text : '', 'base64url').toString('utf8'));
}

export function decodeToken(text: string): { readonly uid: CollectionUid; readonly sequences: Sequences } {
  try {
    const token = Token.parse(fromOpaque(text));
    return { uid: token.u, sequences: token.s };
  } catch (cause) {
    throw new Failure('invalid_token', 'X-Vectorizer-Token is not a token of this system', { cause });
  }
}

/**
 * The token of an entry that a producer published to a log itself: of what the log server acknowledged it with, the name of
 * the stream and the sequence. Throws `invalid_token` for a stream that is no log.
 */
export function tokenOfPublished({ stream, seq }: { readonly stream: string; readonly seq: number }): string {
  const [, uid, shard] = LOG_STREAM.exec(stream) ?? [];
  const sequences = Sequences.safeParse([...Array<number>(Number(shard ?? 0)).fill(0), seq]);
  const parsed = CollectionUid.safeParse(uid);
  if (!parsed.success || !sequences.success)
    throw new Failure('invalid_token', `${stream} ${seq} is no entry of a log`);
  return encodeToken(parsed.data, sequences.data);
}
