import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';

const COPIES_MAX = 50;

/**
 * Copies a directory that may be written meanwhile, as it stood at one moment, which is what a kill leaves. A copy takes
 * time, and pages that two commits of LMDB wrote while it was made are of no moment. When every file is still, after the
 * copy, what was copied, then it also was when the copy ended (a commit changes a number in the file that never returns).
 */
export async function copyOfAMoment(from: string, to: string): Promise<void> {
  for (let copy = 0; copy < COPIES_MAX; copy++) {
    if (await copied(from, to)) return;
    await rm(to, { recursive: true, force: true });
  }
  throw new Error(`${from} did not stand still for one of ${COPIES_MAX} copies`);
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('-lock') });
    return await same(from, to);
  } catch (error) {
    // A file under a temporary name has meanwhile become another's.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function same(from: string, to: string): Promise<boolean> {
  const [there, here] = await Promise.all([filesOf(from), filesOf(to)]);
  if (there.join('\n') !== here.join('\n')) return false;
  for (const file of there) {
    const [original, copy] = await Promise.all([readFile(join(from, file)), readFile(join(to, file))]);
    if (!original.equals(copy)) return false;
  }
  return true;
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('-lock'))
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)))
    .toSorted();
}
