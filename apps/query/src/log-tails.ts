import type { CallContext, CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';

/** Where a log ended at a moment of this process's clock, or will turn out to have ended. */
type Tail = { readonly askedAtMs: number; readonly sequence: Promise<number>; known?: number };

/**
 * Where the logs end, as their leaders say. What is acknowledged is in the log, so a look at its end that began after a
 * write was acknowledged finds it, and one that began less than `ageMs` ago finds everything older.
 */
export class LogTails {
  readonly #log: Log;
  readonly #now: () => number;
  /** The newest look at each. */
  readonly #tails = new Map<CollectionUid, Map<number, Tail>>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Everything that was acknowledged before this was called. */
  async now(uid: CollectionUid, shard: number, context: CallContext): Promise<number> {
    return inTime(this.#look(uid, shard).sequence, context);
  }

  /** Everything that was acknowledged so long ago, from a look that was made since, if there is one. */
  noOlderThan(
    uid: CollectionUid,
    shard: number,
    { ageMs, context }: { readonly ageMs: number; readonly context: CallContext },
  ): number | Promise<number> {
    const last = this.#tails.get(uid)?.get(shard);
    const tail = last !== undefined && this.#now() - last.askedAtMs <= ageMs ? last : this.#look(uid, shard);
    return tail.known ?? inTime(tail.sequence, context);
  }

  forget(uid: CollectionUid): void {
    this.#tails.delete(uid);
  }

  #look(uid: CollectionUid, shard: number): Tail {
    const tails = this.#tails.get(uid) ?? new Map<number, Tail>();
    const askedAtMs = this.#now();
    const sequence = this.#log.state(uid, shard).then(({ lastSequence }) => lastSequence);
    const tail: Tail = { askedAtMs, sequence };
    tails.set(shard, tail);
    this.#tails.set(uid, tails);
    sequence.then(
      (known) => (tail.known = known),
      () => {
        // Whoever waits for it is told; the next one asks anew.
        if (tails.get(shard) === tail) tails.delete(shard);
      },
    );
    return tail;
  }
}

async function inTime(sequence: Promise<number>, { deadline }: CallContext): Promise<number> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const failure = new Failure('deadline_exceeded', 'the log did not say in time where it stands');
  const timer = setTimeout(reject, Math.max(0, deadline - Date.now()), failure);
  try {
    return await Promise.race([sequence, late]);
  } finally {
    clearTimeout(timer);
  }
}
