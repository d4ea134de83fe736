import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that Linux gives to outgoing connections, one of which might take the port before its server listens. */
const [FIRST, LAST] = [16_384, 32_767];
const ATTEMPTS_MAX = 200;

/**
 * A free loopback port, which no other test and no instance of this machine chooses for as long as this process lives, so that
 * a server can be killed and started again on it.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    // Held by its name, as instances hold theirs: a socket in Linux's abstract name space that goes with the process.
    const lock = await listening({ path: `\0vectorizer-port-${port}` });
    if (lock === undefined) continue;
    lock.unref();
    const probe = await listening({ port, host: '127.0.0.1' });
    if (probe === undefined) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
  throw new Error(`no free port was found between ${FIRST} and ${LAST}`);
}

type Place = { readonly path: string } | { readonly port: number; readonly host: string };

async function listening(place: Place): Promise<ReturnType<typeof createServer> | undefined> {
  const server = createServer().listen({ ...place, exclusive: true });
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
