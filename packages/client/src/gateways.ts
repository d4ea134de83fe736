import { Pool } from 'undici';

export type Gateway = {
  readonly pool: Pool;
  /** Of every path, when the gateway is not at the root of its host. */
  readonly prefix: string;
  /** When it last gave no answer, or a server's failure. */
  doubtedAtMs: number;
};

/** Another gateway is tried without a pause, unless it was found wanting this recently. */
const DOUBTED_MS = 5_000;

/** The gateways that a client may use: one at a time, and the next once that is in doubt. */
export class Gateways {
  readonly #all: readonly Gateway[];
  #turn = 0;

  constructor(urls: readonly string[], options: { readonly connections: number; readonly attemptMs: number }) {
    if (urls.length === 0) throw new TypeError('a client needs the url of a gateway');
    this.#all = urls.map((text) => {
      const url = new URL(text);
      const { connections, attemptMs } = options;
      const timeouts = { headersTimeout: attemptMs, bodyTimeout: attemptMs };
      const pool = new Pool(url.origin, { connections, pipelining: 1, ...timeouts });
      return { pool, prefix: url.pathname.replace(/\/+$/, ''), doubtedAtMs: -Infinity };
    });
  }

  get current(): Gateway {
    return this.#at(this.#turn);
  }

  /** The next, where there is more than one. */
  get other(): Gateway | undefined {
    return this.#all.length > 1 ? this.#at(this.#turn + 1) : undefined;
  }

  /** Uses the next from here on. Answers whether that is worth trying at once. */
  doubt(gateway: Gateway): boolean {
    gateway.doubtedAtMs = performance.now();
    if (this.#all.length > 1 && gateway === this.current) this.#turn += 1;
    return performance.now() - this.current.doubtedAtMs > DOUBTED_MS;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(async ({ pool }) => pool.close()));
  }

  #at(turn: number): Gateway {
    return this.#all[turn % this.#all.length] as Gateway;
  }
}
