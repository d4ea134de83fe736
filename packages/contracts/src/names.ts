import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { limits } from './limits.ts';

export const CollectionName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/,
    'expected 1 to 63 letters, digits, "_" or "-", starting with a letter or digit',
  )
  .brand<'CollectionName'>();
export type CollectionName = z.infer<typeof CollectionName>;

/** Names one life of a collection: a dropped-and-recreated namesake has another. Safe inside a NATS subject and a file name. */
export const CollectionUid = z
  .string()
  .regex(/^[a-z0-9]{16}$/)
  .brand<'CollectionUid'>();
export type CollectionUid = z.infer<typeof CollectionUid>;

const UID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz012345';

/** 16 of 32 symbols: 80 random bits. */
export function newUid(): CollectionUid {
  return CollectionUid.parse(Array.from(randomBytes(16), (byte) => UID_ALPHABET[byte % 32]).join(''));
}

/** Names an index node for as long as its data directory exists. */
export const NodeId = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/)
  .brand<'NodeId'>();
export type NodeId = z.infer<typeof NodeId>;

/** Control characters are refused: they cannot be typed into a URL, and a NUL would end a key in most tools. */
export const PointId = z
  .string()
  .min(1, 'must not be empty')
  .max(limits.idCharactersMax, `must have at most ${limits.idCharactersMax} characters`)
  .refine((id) => !/\p{Cc}/u.test(id), 'must not contain control characters')
  .refine((id) => id.isWellFormed(), 'must be well-formed Unicode');
export type PointId = z.infer<typeof PointId>;

/** The order of the ids' UTF-8 bytes, which is also that of their code points. JavaScript's own differs above the surrogates. */
export function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other unit. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
