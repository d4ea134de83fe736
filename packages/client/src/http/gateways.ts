import type { Exchange } from './exchange.ts';

export type Gateway = {
  /** Without a slash at its end; paths are appended. */
  readonly url: string;
  readonly exchange: Exchange;
  /** When it last gave no answer, or a server's failure. */
  doubtedAtMs: number;
};

/** Another gateway is tried without a pause, unless it was found wanting this recently. */
const DOUBTED_MS = 5_000;

/** The gateways that a client may use: one at a time, and the next once that is in doubt. */
export class Gateways {
  readonly #all: readonly Gateway[];
  #turn = 0;

  /** Each has an exchange, so connections, of its own. */
  constructor(urls: readonly string[], open: () => Exchange) {
    if (urls.length === 0) throw new TypeError('a client needs the url of a gateway');
    this.#all = urls.map((text) => {
      const { origin, pathname } = new URL(text);
      return { url: `${origin}${pathname.replace(/\/+$/, '')}`, exchange: open(), doubtedAtMs: -Infinity };
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

  close(): void {
    for (const { exchange } of this.#all) exchange.close();
  }

  #at(turn: number): Gateway {
    return this.#all[turn % this.#all.length] as Gateway;
  }
}
