import { answerBy } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** Reads that wait for one replica; beyond it, `overloaded`. */
const WAITING_MAX = 10_000;

type Waiter = { readonly resolve: () => void; readonly reject: (failure: Failure) => void };

/** How far a replica has applied its log, for reads that wait until it is far enough. Woken by the applying, not by polls. */
export class AppliedSequence {
  readonly #shard: number;
  /** By demanded sequence. */
  readonly #waiting = new Map<number, Set<Waiter>>();
  #count = 0;
  /** -1: not even opened. */
  #applied = -1;
  #end: Failure | undefined;

  constructor(shard: number) {
    this.#shard = shard;
  }

  advance(sequence: number): void {
    const from = this.#applied;
    this.#applied = sequence;
    // Applying goes one by one; only opening jumps.
    if (sequence === from + 1) this.#wake(sequence);
    else for (const demanded of this.#waiting.keys()) if (demanded <= sequence) this.#wake(demanded);
  }

  /** No read is answered from here on; all that wait are told why. */
  end(failure: Failure): void {
    this.#end ??= failure;
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.reject(this.#end);
    this.#waiting.clear();
  }

  /**
   * Returns once `sequence` is applied. Throws `replica_behind` when that takes until the deadline (epoch
   * milliseconds), `overloaded` when too many wait, and what ended the replica.
   */
  async reach(sequence: number, deadline: number): Promise<void> {
    if (this.#end === undefined && this.#applied < sequence) await this.#wait(sequence, deadline);
    // Also after waiting: the end may have come between the waking and now.
    if (this.#end !== undefined) throw this.#end;
  }

  async #wait(sequence: number, deadline: number): Promise<void> {
    if (this.#count >= WAITING_MAX) throw new Failure('overloaded', 'too many reads wait for this replica');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiters = this.#waiting.get(sequence) ?? new Set();
    const waiter = { resolve, reject };
    this.#waiting.set(sequence, waiters.add(waiter));
    this.#count += 1;
    const patienceMs = Math.max(0, answerBy(deadline) - Date.now());
    const timer = setTimeout(() => reject(this.#behind(sequence)), patienceMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#count -= 1;
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiting.get(sequence) === waiters) this.#waiting.delete(sequence);
    }
  }

  #wake(sequence: number): void {
    const waiters = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    for (const waiter of waiters ?? []) waiter.resolve();
  }

  #behind(demanded: number): Failure {
    const applied = Math.max(0, this.#applied);
    return new Failure('replica_behind', `the replica has applied ${applied}, but ${demanded} is asked for`, {
      details: { applied, demanded, shard: this.#shard },
    });
  }
}
