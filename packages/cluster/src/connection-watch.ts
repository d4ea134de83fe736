import type { NatsConnection } from '@nats-io/transport-node';
import { Interruption } from './interruption.ts';

/**
 * Whether a connection is there, and since when. The client library keeps what it is given while there is none, drops most of
 * it when it tries the next server, and lets a request whose answer cannot come any more run out its time; so whoever
 * asks waits for the connection first, and is told when it breaks.
 */
export class ConnectionWatch {
  readonly #lost = new Interruption();
  #since = performance.now();
  /** Resolves when it is back; undefined while it is there. */
  #back: PromiseWithResolvers<void> | undefined;

  constructor(connection: NatsConnection, onBack: () => void = () => undefined) {
    void this.#follow(connection, onBack);
  }

  /** When it came up (`performance.now()`); now, while it is away. */
  get since(): number {
    return this.#back === undefined ? this.#since : performance.now();
  }

  /** Returns when it is there, or `ms` have passed. */
  async whenUp(ms: number): Promise<void> {
    if (this.#back === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    void this.#back.promise.then(resolve);
    await promise;
    clearTimeout(timer);
  }

  /** As the task ends; rejects with what `lost` makes as soon as the connection breaks. */
  async unlessLost<T>(task: Promise<T>, lost: () => Error): Promise<T> {
    return this.#lost.unless(task, lost);
  }

  async #follow(connection: NatsConnection, onBack: () => void): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') {
        this.#back ??= Promise.withResolvers<void>();
        this.#lost.now();
      }
      if (type === 'reconnect') {
        this.#since = performance.now();
        this.#back?.resolve();
        this.#back = undefined;
        onBack();
      }
    }
  }
}
