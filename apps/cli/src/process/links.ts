import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { HOST } from './ports.ts';

/** A process has one connection to each log server, and some of Redis's; beyond this something is wrong with it. */
const CONNECTIONS_MAX = 64;

/**
 * The connections of a cluster that was started with `--faults`: each goes through a proxy of ours. A cut connection is
 * a cable that was pulled: nothing arrives any more, in either direction, and nobody is told; what was sent meanwhile
 * arrives once it is mended, unless somebody gave up.
 */
export class Links {
  readonly #links: Link[] = [];
  readonly #cut = new Set<string>();

  /** Answers the port at which `from` reaches `to`. */
  async open(ends: { readonly from: string; readonly to: string; readonly port: number }): Promise<number> {
    const link = new Link(ends);
    this.#links.push(link);
    return link.listen();
  }

  isCut(name: string): boolean {
    return this.#cut.has(name);
  }

  /** Cuts every connection that the process has at either of its ends. */
  cut(name: string): void {
    this.#cut.add(name);
    this.#apply();
  }

  mend(name: string): void {
    this.#cut.delete(name);
    this.#apply();
  }

  mendAll(): void {
    this.#cut.clear();
    this.#apply();
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map(async (link) => link.close()));
  }

  #apply(): void {
    for (const link of this.#links) link.set(this.#cut.has(link.from) || this.#cut.has(link.to));
  }
}

/** From one process to one server. */
class Link {
  readonly from: string;
  readonly to: string;
  readonly #port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #cut = false;

  constructor({ from, to, port }: { readonly from: string; readonly to: string; readonly port: number }) {
    this.from = from;
    this.to = to;
    this.#port = port;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, HOST);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert(typeof address === 'object' && address !== null, 'a listening server has an address');
    return address.port;
  }

  set(cut: boolean): void {
    if (cut === this.#cut) return;
    this.#cut = cut;
    for (const pair of this.#pairs) pair.set(cut);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const pair of this.#pairs) pair.end();
    await closed;
  }

  #accept(socket: Socket): void {
    const pair: Pair = new Pair(socket, this.#port, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
    pair.set(this.#cut);
  }
}

/** One connection and its continuation to the server, which begins when the link is whole. */
class Pair {
  readonly #near: Socket;
  readonly #port: number;
  readonly #gone: () => void;
  #far: Socket | undefined;
  #cut = true;
  /** One end closed while the link was cut; the other hears of it once it is mended. */
  #broken = false;

  constructor(near: Socket, port: number, gone: () => void) {
    this.#near = near;
    this.#port = port;
    this.#gone = gone;
    near.pause();
    this.#watch(near);
  }

  set(cut: boolean): void {
    this.#cut = cut;
    if (cut) {
      this.#near.unpipe().pause();
      this.#far?.unpipe().pause();
      return;
    }
    if (this.#broken) {
      this.end();
      return;
    }
    this.#far ??= this.#reach();
    this.#near.pipe(this.#far);
    this.#far.pipe(this.#near);
  }

  end(): void {
    this.#near.destroy();
    this.#far?.destroy();
    this.#gone();
  }

  #reach(): Socket {
    const far = connect({ port: this.#port, host: HOST, allowHalfOpen: true, noDelay: true });
    this.#watch(far);
    return far;
  }

  #watch(socket: Socket): void {
    // What went wrong at one end shows at the other as a closed connection.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#broken = true;
      if (!this.#cut) this.end();
    });
  }
}
