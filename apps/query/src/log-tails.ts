import type { CallContext, CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { shortMsMax, type Log, type LogEnd } from '@vectorizer/log';

/** Where a log ended at a moment of this process's clock, or will turn out to have ended. */
type Tail = { readonly askedAtMs: number; readonly sequence: Promise<number>; known?: number };

/** How long a log of this creation is known to be, and since when its leader says less. */
type Length = { readonly created: string; readonly sequence: number; readonly shortSinceMs?: number };

export type LogTailsParts = {
  readonly log: Pick<Log, 'state'>;
  readonly now: () => number;
  /** The newest entry that a replica of a shard is known to have applied. */
  readonly newest: (uid: CollectionUid, shard: number) => number;
};

/**
 * Where the logs end, as their leaders say. What is acknowledged is in the log, so a look at its end that began after a
 * write was acknowledged finds it, and one that began less than `ageMs` ago finds everything older. A new leader may not
 * know its own last entries for a moment: what was told of them before, or is applied, is there all the same.
 */
export class LogTails {
  readonly #parts: LogTailsParts;
  /** The newest look at each. */
  readonly #tails = new Map<CollectionUid, Map<number, Tail>>();
  readonly #lengths = new Map<CollectionUid, Map<number, Length>>();

  constructor(parts: LogTailsParts) {
    this.#parts = parts;
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
    const tail = last !== undefined && this.#parts.now() - last.askedAtMs <= ageMs ? last : this.#look(uid, shard);
    return tail.known ?? inTime(tail.sequence, context);
  }

  /** What the leader says now, whatever is known. */
  async saidEnd(uid: CollectionUid, shard: number, context: CallContext): Promise<LogEnd> {
    return inTime(this.#parts.log.state(uid, shard), context);
  }

  forget(uid: CollectionUid): void {
    this.#lengths.delete(uid);
    this.#tails.delete(uid);
  }

  #look(uid: CollectionUid, shard: number): Tail {
    const tails = this.#tails.get(uid) ?? new Map<number, Tail>();
    const askedAtMs = this.#parts.now();
    const applied = this.#parts.newest(uid, shard);
    const lengths = this.#lengths.get(uid) ?? new Map<number, Length>();
    this.#lengths.set(uid, lengths);
    const said = this.#parts.log.state(uid, shard);
    const sequence = said.then((end) => Math.max(applied, this.#longest(lengths, shard, end)));
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

  /** How far the log goes, unless it was shorter than known for so long that it has lost entries. */
  #longest(lengths: Map<number, Length>, shard: number, end: LogEnd): number {
    const { created, lastSequence } = end;
    const known = lengths.get(shard);
    if (known?.created === created && lastSequence < known.sequence) {
      const nowMs = this.#parts.now();
      const { shortSinceMs = nowMs } = known;
      if (nowMs - shortSinceMs < shortMsMax(end)) {
        lengths.set(shard, { ...known, shortSinceMs });
        return known.sequence;
      }
    }
    lengths.set(shard, { created, sequence: lastSequence });
    return lastSequence;
  }
}

async function inTime<Said>(said: Promise<Said>, { deadline }: CallContext): Promise<Said> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const failure = new Failure('deadline_exceeded', 'the log did not say in time where it stands');
  const timer = setTimeout(reject, Math.max(0, deadline - Date.now()), failure);
  try {
    return await Promise.race([said, late]);
  } finally {
    clearTimeout(timer);
  }
}
