import type { Failure } from '@vectorizer/errors';
import { AppliedSequence } from './applied-sequence.ts';

/** What a read asks of a replica: at least this sequence, by this time (epoch milliseconds). */
export type Demand = { readonly sequence: number; readonly deadline: number };

/** A replica that has never caught up keeps a read waiting no longer than this: another replica may have it all. */
const FIRST_SYNC_MS_MAX = 1_000;

/** Lets reads in once the state is as far as they demand. Closing it waits for those that are in. */
export class ReadGate {
  readonly #applied: AppliedSequence;
  readonly #idle = Promise.withResolvers<void>();
  #reads = 0;
  #open = false;
  #closing = false;

  constructor(shard: number) {
    this.#applied = new AppliedSequence(shard);
  }

  /** Reads of up to this sequence are let in; before the first call, none is. */
  advance(sequence: number): void {
    this.#open = true;
    this.#applied.advance(sequence);
  }

  /** From here on every read gets this. */
  end(failure: Failure): void {
    this.#applied.end(failure);
  }

  async read<T>({ sequence, deadline }: Demand, task: () => T | Promise<T>): Promise<T> {
    this.#reads += 1;
    try {
      const patient = this.#open ? deadline : Math.min(deadline, Date.now() + FIRST_SYNC_MS_MAX);
      await this.#applied.reach(sequence, patient);
      return await task();
    } finally {
      this.#reads -= 1;
      if (this.#closing && this.#reads === 0) this.#idle.resolve();
    }
  }

  async close(reason: Failure): Promise<void> {
    this.end(reason);
    this.#closing = true;
    if (this.#reads > 0) await this.#idle.promise;
  }
}
