import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { lockName, type Lock } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';

/** Below the range that Linux gives to outgoing connections, so that none takes the port of a process while it is down. */
const [FIRST, LAST] = [16_384, 32_767];
const ATTEMPTS_MAX = 200;
export const HOST = '127.0.0.1';

/**
 * The ports of an instance, which no other instance of this machine takes for as long as it is there: not before its processes
 * listen, and not while one of them is down. They are locked by name, since a port itself can only be held by whoever listens.
 */
export class Ports {
  readonly #locks = new Map<number, Lock>();

  async free(): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const port = randomInt(FIRST, LAST + 1);
      if ((await this.#take(port)) === undefined) return port;
    }
    throw new Failure('service_unavailable', `no free port was found between ${FIRST} and ${LAST}`);
  }

  /** The port that the user chose; any when that is 0. */
  async chosen(port: number): Promise<number> {
    if (port === 0) return this.free();
    const obstacle = await this.#take(port);
    if (obstacle === undefined) return port;
    const { reason, cause } = obstacle;
    throw new Failure('service_unavailable', `port ${port} ${reason}; choose another with --port`, { cause });
  }

  /** Others may have them from here on. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#locks.values(), async (lock) => lock.release()));
    this.#locks.clear();
  }

  async #take(port: number): Promise<Obstacle | undefined> {
    if (this.#locks.has(port)) return TAKEN;
    const lock = await lockName(`vectorizer-port-${port}`);
    if (lock === undefined) return TAKEN;
    const obstacle = await obstacleAt(port);
    if (obstacle === undefined) this.#locks.set(port, lock);
    else await lock.release();
    return obstacle;
  }
}

/** What stands in the way of a port. */
type Obstacle = { readonly reason: string; readonly cause?: unknown };
const TAKEN: Obstacle = { reason: 'is taken' };

async function obstacleAt(port: number): Promise<Obstacle | undefined> {
  const server = createServer().listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const taken = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EADDRINUSE';
    return taken ? { ...TAKEN, cause } : { reason: `cannot be used: ${String(cause)}`, cause };
  }
  server.close();
  await once(server, 'close');
  return undefined;
}
