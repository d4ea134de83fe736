import { statfs } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { open, type RootDatabase, type Transaction } from 'lmdb';
import { Failure } from '@vectorizer/errors';
import { checkLmdbFile, PAGE_BYTES } from './lmdb-file.ts';

/**
 * The file of a replica. `commit` is one LMDB transaction, so what is on disk always equals some flushed state:
 *
 * - LMDB never overwrites pages that the last commit refers to; a commit becomes one by the write of a single meta page,
 *   of which there are two in turn. A kill before it leaves the previous commit, a kill after it the new one.
 * - `overlappingSync: false`, `noSync: false`: the data pages are synced before the meta page is written, and the meta
 *   page before the promise resolves, so power loss is no different from a kill. (lmdb's default commits first and syncs
 *   later; it would also recover, but then what is durable is not what was last committed.)
 * - `useWritemap: false`: a stray write in native code cannot reach the file.
 *
 * Writing and syncing happen on lmdb's own thread.
 */
export class LmdbStore {
  readonly #db: RootDatabase<Buffer, Buffer>;
  readonly #path: string;

  private constructor(db: RootDatabase<Buffer, Buffer>, path: string) {
    this.#db = db;
    this.#path = path;
  }

  static open(path: string): LmdbStore {
    checkLmdbFile(path);
    try {
      const db = open<Buffer, Buffer>({
        path,
        keyEncoding: 'binary',
        encoding: 'binary',
        noSubdir: true,
        overlappingSync: false,
        noSync: false,
        useWritemap: false,
        // A flush is one explicit batch; lmdb's implicit one around it has a promise that nobody can handle.
        eventTurnBatching: false,
        pageSize: PAGE_BYTES,
        mapSize: MAP_BYTES,
        maxReaders: READERS_MAX,
      });
      return new LmdbStore(db, path);
    } catch (cause) {
      throw new Failure('storage_error', `cannot open ${path}`, { cause });
    }
  }

  /** A view of the store's memory that the next read overwrites: decode it at once. */
  peek(key: Buffer, view?: StoreView): Buffer | undefined {
    const bytes =
      view === undefined ? this.#db.getBinaryFast(key) : this.#db.get(key, { transaction: view.transaction });
    // lmdb answers its whole read buffer with another `length`: native methods would read on to its true end.
    return bytes?.subarray(0, bytes.length);
  }

  range(span: { start: Buffer; end: Buffer; limit: number }, view?: StoreView): { key: Buffer; value: Buffer }[] {
    const transaction = view?.transaction;
    return [...this.#db.getRange(transaction === undefined ? span : { ...span, transaction })];
  }

  keys(span: { start: Buffer; end: Buffer; limit: number }): Buffer[] {
    return [...this.#db.getKeys(span)];
  }

  /** The store as it is now, whatever is committed later. To be closed. */
  view(): StoreView {
    return new StoreView(this.#db.useReadTransaction());
  }

  async commit(writes: readonly Write[]): Promise<void> {
    // lmdb gives the writes of one batch few promises in common; each would be an unhandled rejection.
    const promises = new Set<Promise<boolean>>();
    const batch = this.#db.batch(() => {
      for (const { key, value } of writes) {
        promises.add(value === undefined ? this.#db.remove(key) : this.#db.put(key, value));
      }
    });
    const results = await Promise.allSettled([batch, ...promises]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      const cause = await causeOf(failed.reason);
      const why = saysFull(cause) || (await isFull(this.#path)) ? 'the disk is full' : String(cause);
      throw new Failure('storage_error', `cannot write the store of a replica: ${why}`, { cause });
    }
    // The next read in this turn must see what was just committed.
    this.#db.resetReadTxn();
  }

  /** LMDB's own copy of one transaction, on its own thread. The path must be free. */
  async copyTo(path: string): Promise<void> {
    try {
      await this.#db.backup(path, false);
    } catch (cause) {
      throw new Failure('storage_error', `cannot copy the store of a replica to ${path}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

/** lmdb names the system's error by its number. */
function saysFull(cause: unknown): boolean {
  return cause instanceof Error && Reflect.get(cause, 'code') === constants.errno.ENOSPC;
}

/** Of a disk on which a part could be written LMDB says no more than "Input/output error". */
async function isFull(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize < FREE_BYTES_MIN;
}

/** lmdb's error points to the true one with a promise, which rejects. */
async function causeOf(error: unknown): Promise<unknown> {
  const promise: unknown = error instanceof Error ? Reflect.get(error, 'commitError') : undefined;
  if (!(promise instanceof Promise)) return error;
  const [result] = await Promise.allSettled([promise]);
  return result.status === 'rejected' ? result.reason : error;
}

/**
 * Addresses that a file has from the start. When it outgrows them lmdb maps it anew and keeps the former maps, whose pages count
 * as this process's memory once more; addresses cost nothing.
 */
const MAP_BYTES = 16 * 1024 ** 3;

/** A disk with less room than this counts as full. */
const FREE_BYTES_MIN = 1024 * 1024;

/** Views open at once: one per running scan, and scans are bounded well below this. */
const READERS_MAX = 126;

/** A change of one key; without a value it is removed. */
export type Write = { readonly key: Buffer; readonly value: Buffer | undefined };

export class StoreView implements Disposable {
  readonly transaction: Transaction;

  constructor(transaction: Transaction) {
    this.transaction = transaction;
  }

  [Symbol.dispose](): void {
    this.transaction.done();
  }
}
