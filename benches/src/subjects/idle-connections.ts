import { connect, type Socket } from 'node:net';

/** Connections that are being opened at once. */
const OPENING_MAX = 64;
const OPEN_MS_MAX = 10_000;

/**
 * Keep-alive connections that have asked one thing and then nothing more: what a pool of a client holds. A server closes
 * them once they were idle for its time.
 */
export class IdleConnections {
  readonly #sockets: Socket[] = [];
  #lost = 0;

  static async open(url: string, count: number): Promise<IdleConnections> {
    const opened = new IdleConnections();
    let next = 0;
    const opening = async (): Promise<void> => {
      while (next++ < count) await opened.#open(new URL(url));
    };
    await Promise.all(Array.from({ length: OPENING_MAX }, opening));
    return opened;
  }

  /** How many of them the server has closed. */
  get lost(): number {
    return this.#lost;
  }

  async #open({ hostname, port, host }: URL): Promise<void> {
    const socket = connect({ host: hostname, port: Number(port) });
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(OPEN_MS_MAX, () => reject(new Error(`a connection was not answered in ${OPEN_MS_MAX} ms`)));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('a connection was closed as it was opened')));
      socket.once('data', (head: Buffer) => {
        if (head.toString('latin1').startsWith('HTTP/1.1 200')) resolve();
        else reject(new Error(`a connection was refused: ${head.toString('latin1').split('\r\n', 1)[0]}`));
      });
      socket.write(`GET /health/live HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    });
    socket.setTimeout(0);
    socket.once('close', () => this.#lost++);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
