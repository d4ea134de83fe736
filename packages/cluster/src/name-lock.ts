import { createServer } from 'node:net';

/** Held from when it is taken until `release`, or until the process ends in whatever way. */
export type Lock = { release(): Promise<void> };

/**
 * Takes a name that no two processes of this machine have at once; undefined when another has it.
 *
 * It is a listening Unix socket in Linux's abstract name space. Node cannot `flock`, and a file with a process id
 * outlives a kill and then names whatever runs under that id next. An abstract name is taken atomically, is no file, and
 * the kernel frees it with the process. Containers with network name spaces of their own do not see each other's; other
 * systems have no such names, and there everybody gets every name.
 */
export async function lockName(name: string): Promise<Lock | undefined> {
  if (process.platform !== 'linux') return { release: () => Promise.resolve() };
  // Nobody has anything to say to it.
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Exclusive: the workers of a cluster would share the socket otherwise.
      server.listen({ path: `\0${name}`, exclusive: true }, resolve);
    });
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EADDRINUSE') return undefined;
    throw cause;
  }
  server.unref();
  return {
    async release() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
