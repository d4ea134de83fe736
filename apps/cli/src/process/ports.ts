import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Failure } from '@vectorizer/errors';

/** Below the range that Linux gives to outgoing connections, so that none takes the port of a process while it is down. */
const [FIRST, LAST] = [16_384, 32_767];
const ATTEMPTS_MAX = 200;
export const HOST = '127.0.0.1';

/**
 * Ports that are free and differ from each other: each is held until all are chosen. A moment after their release
 * somebody else may take one; the start then fails with a clear line.
 */
export class Ports {
  readonly #held: Server[] = [];

  async free(): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const port = randomInt(FIRST, LAST + 1);
      if ((await this.#hold(port)) === undefined) return port;
    }
    throw new Failure('service_unavailable', `no free port was found between ${FIRST} and ${LAST}`);
  }

  /** The port that the user chose; any when that is 0. */
  async chosen(port: number): Promise<number> {
    if (port === 0) return this.free();
    const cause = await this.#hold(port);
    if (cause === undefined) return port;
    const taken = 'code' in cause && cause.code === 'EADDRINUSE';
    const reason = taken ? 'is taken' : `cannot be used: ${cause.message}`;
    throw new Failure('service_unavailable', `port ${port} ${reason}; choose another with --port`, { cause });
  }

  async release(): Promise<void> {
    await Promise.all(this.#held.map(async (server) => once(server.close(), 'close')));
  }

  /** Answers what stands in the way. */
  async #hold(port: number): Promise<Error | undefined> {
    const server = createServer().listen(port, HOST);
    try {
      await once(server, 'listening');
    } catch (cause) {
      return cause instanceof Error ? cause : new Error('the port cannot be used', { cause });
    }
    this.#held.push(server);
    return undefined;
  }
}
