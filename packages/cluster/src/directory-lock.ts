import { stat } from 'node:fs/promises';
import { Failure } from '@vectorizer/errors';
import { lockName, type Lock } from './name-lock.ts';

/**
 * Makes sure that no other process of this machine works in the directory; LMDB would let two write to one store.
 * The lock's name is made of the directory's device and inode, so every path to the directory is the same lock. Two
 * containers that share a volume but no network name space do not see each other's; an index node's lease on its id does.
 */
export async function lockDirectory(path: string, called: string = `data directory ${path}`): Promise<Lock> {
  const { dev, ino } = await stat(path, { bigint: true });
  const lock = await lockName(`vectorizer-data-${dev}-${ino}`).catch((cause: unknown) => {
    throw new Failure('storage_error', `${called} cannot be locked`, { cause });
  });
  if (lock === undefined) throw new Failure('storage_error', `${called} is in use by another process`);
  return lock;
}
