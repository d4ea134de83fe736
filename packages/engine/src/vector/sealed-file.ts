import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '@vectorizer/files';
import { pack, unpack } from 'msgpackr';

/** What an index saves is a cache: it is either whole and proven so by a checksum, or of no use. */
/** Why a young or small index is built: it is not saved before that is worth it. */
export const NOTHING_SAVED = 'nothing was saved';
const DIGEST_BYTES = 32;
const PIECE_BYTES = 256 * 1024;

export type Sealed =
  | { readonly state: 'sound'; readonly value: unknown }
  | { readonly state: 'absent' | 'damaged'; readonly value?: undefined };

/** Writes a value behind the SHA-256 of it. A crash at any instant leaves the former value or the new one. */
export async function writeSealed(directory: string, name: string, value: unknown): Promise<void> {
  const body = pack(value);
  await writeWhole(join(directory, name), [createHash('sha256').update(body).digest(), body]);
}

export async function readSealed(directory: string, name: string): Promise<Sealed> {
  const bytes = await readFile(join(directory, name)).catch(() => undefined);
  if (bytes === undefined) return { state: 'absent' };
  const body = bytes.subarray(DIGEST_BYTES);
  const sound = createHash('sha256').update(body).digest().equals(bytes.subarray(0, DIGEST_BYTES));
  return sound ? { state: 'sound', value: unpack(body) } : { state: 'damaged' };
}

/** Through one buffer: a stream takes a new one for each piece, and what that takes the process keeps for long. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    const buffer = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read({ buffer });
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** Removes what matches, but the one that is in use. */
export async function removeOthers(directory: string, names: RegExp, keep: string): Promise<void> {
  const stale = (await readdir(directory)).filter((name) => names.test(name) && name !== keep);
  await Promise.all(stale.map((name) => rm(join(directory, name), { force: true })));
}
