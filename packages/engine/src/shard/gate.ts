import { Failure } from '@vectorizer/errors';

/** Lets a bounded number of tasks run at once and a bounded number wait, first come, first served. */
export class Gate {
  readonly #running: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(options: { readonly running: number; readonly waiting: number }) {
    this.#running = options.running;
    this.#waitingMax = options.waiting;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#running) await this.#wait();
    else this.#taken += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The place passes to the next in line without being free in between.
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }

  async #wait(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new Failure('overloaded', 'too many scans of this shard are waiting');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }
}
