import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { Failure } from '@vectorizer/errors';

/**
 * Holds a directory for this process alone, for as long as it lives. The lock is an abstract unix socket, named by the
 * directory's device and inode: taking it is atomic, whatever path leads there, and it vanishes with the process however
 * that ends, so nothing is ever left behind that a person must remove. Linux only. Processes in other network namespaces
 * (containers) do not see it: there a volume must be mounted once.
 */
export async function lockDirectory(directory: string, what: string): Promise<AsyncDisposable> {
  const { dev, ino } = statSync(directory);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    server.listen(`\0vectorizer-${dev}-${ino}`);
    await once(server, 'listening');
  } catch (cause) {
    throw new Failure('storage_error', `${what} is in use by another process`, { cause });
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
