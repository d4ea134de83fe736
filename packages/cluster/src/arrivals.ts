import type { CollectionRecord, CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** News of a creation take milliseconds; a uid that is unknown for longer is nobody's. */
const WAIT_MS_MAX = 1_000;
const WAITING_MAX = 10_000;
/** Dropped collections that are answered for at once, without a wait for news. */
const DROPPED_MAX = 1_000;

type Waiter = (record: CollectionRecord | undefined) => void;

/** Whoever waits for collections that another process has just created. */
export class Arrivals {
  readonly #waiters = new Map<CollectionUid, Set<Waiter>>();
  readonly #dropped = new Set<CollectionUid>();
  #waiting = 0;
  #closed = false;

  /** Undefined when it does not come by the deadline (epoch milliseconds), nor within a second. */
  async of(uid: CollectionUid, deadline: number): Promise<CollectionRecord | undefined> {
    const patience = Math.min(WAIT_MS_MAX, deadline - Date.now());
    if (this.#closed || this.#dropped.has(uid) || patience <= 0) return undefined;
    if (this.#waiting >= WAITING_MAX)
      throw new Failure('overloaded', 'too many calls wait to hear of collections that are unknown');
    const { promise, resolve } = Promise.withResolvers<CollectionRecord | undefined>();
    const waiters = this.#waiters.get(uid) ?? new Set();
    this.#waiters.set(uid, waiters.add(resolve));
    this.#waiting += 1;
    const timer = setTimeout(resolve, patience, undefined);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting -= 1;
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#waiters.get(uid) === waiters) this.#waiters.delete(uid);
    }
  }

  created(record: CollectionRecord): void {
    this.#dropped.delete(record.uid);
    this.#tell(record.uid, record);
  }

  dropped(uid: CollectionUid): void {
    this.#dropped.add(uid);
    const [oldest] = this.#dropped;
    if (this.#dropped.size > DROPPED_MAX && oldest !== undefined) this.#dropped.delete(oldest);
    this.#tell(uid, undefined);
  }

  /** Those that wait get no answer any more. */
  close(): void {
    this.#closed = true;
    for (const uid of this.#waiters.keys()) this.#tell(uid, undefined);
  }

  #tell(uid: CollectionUid, record: CollectionRecord | undefined): void {
    for (const waiter of this.#waiters.get(uid) ?? []) waiter(record);
  }
}
