import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { Failure } from '@vectorizer/errors';

/** Held from when it is taken until `release`, or until the process ends in whatever way. */
export type DirectoryLock = { release(): Promise<void> };

/**
 * Makes sure that no other process of this machine works in the directory; LMDB would let two write to one store.
 *
 * The lock is a listening Unix socket in Linux's abstract name space. Node cannot `flock`, and a file with a process id
 * outlives a kill and then names whatever runs under that id next. An abstract name is taken atomically, is no file, and
 * the kernel frees it with the process. It is made of the directory's device and inode, so every path to the directory
 * is the same lock. Two containers that share a volume but no network name space do not see each other's (an index node's lease on
 * its id does); other systems
 * have no such names, and there the directory is not locked.
 */
export async function lockDirectory(path: string, called: string = `data directory ${path}`): Promise<DirectoryLock> {
  if (process.platform !== 'linux') return { release: () => Promise.resolve() };
  const { dev, ino } = await stat(path, { bigint: true });
  // Nobody has anything to say to it.
  const server = createServer((socket) => socket.destroy());
  await take(server, { name: `\0vectorizer-data-${dev}-${ino}`, called });
  server.unref();
  return {
    async release() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function take(
  server: Server,
  { name, called }: { readonly name: string; readonly called: string },
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Exclusive: the workers of a cluster would share the socket otherwise.
      server.listen({ path: name, exclusive: true }, resolve);
    });
  } catch (cause) {
    const taken = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EADDRINUSE';
    const what = taken ? 'is in use by another process' : 'cannot be locked';
    throw new Failure('storage_error', `${called} ${what}`, { cause });
  }
}
