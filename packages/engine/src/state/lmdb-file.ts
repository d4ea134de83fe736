import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Failure } from '@vectorizer/errors';
import { damaged } from '../snapshot/damaged.ts';

/** Fixed, so that a file written on one machine opens on another. */
export const PAGE_BYTES = 4_096;

/** Where the fields of a meta page are; struct MDB_meta of LMDB's data version 2, after a page header of 24 bytes. */
const META = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const;
const MAGIC = 0xbe_ef_c0_de;
const DATA_VERSION = 2;

/**
 * Refuses a file that LMDB would map and then crash the process on: no LMDB file, a torn meta page, or one that is cut
 * short (LMDB never writes fewer pages than its newest meta page counts). An absent or empty file is a new one.
 */
export function checkLmdbFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return;
    throw new Failure('storage_error', `cannot read ${path}`, { cause });
  }
  try {
    const { size } = fstatSync(file);
    const fault = size === 0 ? undefined : faultOf(file, size);
    if (fault !== undefined) {
      throw damaged(`${path} is damaged (${fault}); without it, the replica is rebuilt from the log`);
    }
  } finally {
    closeSync(file);
  }
}

function faultOf(file: number, size: number): string | undefined {
  const bytes = Buffer.alloc(2 * PAGE_BYTES);
  if (readSync(file, bytes, 0, bytes.length, 0) < bytes.length) return 'shorter than its two meta pages';
  const metas = [bytes.subarray(0, PAGE_BYTES), bytes.subarray(PAGE_BYTES)];
  for (const meta of metas) {
    if (meta.readUInt32LE(META.magic) !== MAGIC) return 'a meta page is not one';
    if ((meta.readUInt32LE(META.version) & 0xffff) !== DATA_VERSION) return 'another version of the format';
    if (meta.readUInt32LE(META.pageSize) !== PAGE_BYTES) return 'another page size';
  }
  const [one, other] = metas.map((meta) => ({
    transaction: meta.readBigUInt64LE(META.transaction),
    lastPage: meta.readBigUInt64LE(META.lastPage),
  }));
  if (one === undefined || other === undefined) return undefined;
  const newest = one.transaction > other.transaction ? one : other;
  return BigInt(size) < (newest.lastPage + 1n) * BigInt(PAGE_BYTES) ? 'cut short' : undefined;
}
