import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { CollectionUid } from './names.ts';
import { Sequences } from './procedures.ts';

const Token = z.strictObject({ u: CollectionUid, s: Sequences });

/** Says which sequence of each shard of one collection a client has seen. Opaque to clients; sent in `X-Vectorizer-Token`. */
export function encodeToken(uid: CollectionUid, sequences: Sequences): string {
  return Buffer.from(JSON.stringify({ u: uid, s: sequences })).toString('base64url');
}

export function decodeToken(text: string): { readonly uid: CollectionUid; readonly sequences: Sequences } {
  try {
    const token = Token.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { uid: token.u, sequences: token.s };
  } catch (cause) {
    throw new Failure('invalid_token', 'X-Vectorizer-Token is not a token of this system', { cause });
  }
}
