import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { KeyId, type KeyRecord } from '@vectorizer/contracts';

/**
 * A key is `vz_<id>_<secret>`: the id is where its record is found, the secret is 256 random bits. What is stored is the
 * SHA-256 of the whole. A slow hash, as for passwords, would protect what can be guessed; of 256 random bits nothing can,
 * and every request would pay for it.
 */
const KEY = /^vz_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_CHARACTERS = 12;

export function newKeyId(): KeyId {
  return KeyId.parse(Array.from({ length: ID_CHARACTERS }, () => ID_ALPHABET[randomInt(36)]).join(''));
}

/** The key itself: to be shown once, and kept nowhere. */
export function newKeyText(id: KeyId): string {
  return `vz_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

export function hashOfKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whose key this claims to be; undefined when it is not of the form of one. */
export function idInKey(text: string): KeyId | undefined {
  return KEY.exec(text)?.[1];
}

/** What an unknown key is compared with, so that it takes as long as a wrong one. */
const NOBODY = randomBytes(32);

/** Whether the text is the key of the record, or what it was before its rotation and still is for a while. */
export function isKeyOf(record: KeyRecord | undefined, text: string, nowMs: number): boolean {
  const given = createHash('sha256').update(text).digest();
  const current = isSame(given, record?.hash);
  const until = record?.previous === undefined || record.previous === null ? 0 : Date.parse(record.previous.until);
  const former = isSame(given, record?.previous?.hash);
  return current || (former && nowMs < until);
}

function isSame(given: Buffer, wanted: string | undefined): boolean {
  const same = timingSafeEqual(given, wanted === undefined ? NOBODY : Buffer.from(wanted, 'hex'));
  return same && wanted !== undefined;
}

/** Not revoked, and not at its end. */
export function isGood({ revoked_at, expires_at }: KeyRecord, nowMs: number): boolean {
  return revoked_at === null && (expires_at === null || nowMs < Date.parse(expires_at));
}
