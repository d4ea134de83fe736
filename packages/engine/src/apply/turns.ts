import { setTimeout as sleep } from 'node:timers/promises';

/** The longest stretch of background work on the event loop where nobody searches. */
const SLICE_MS = 2;
/** Where somebody does, the shortest: what cannot be cut, an insertion into a graph, takes as long. */
const SLICE_MS_MIN = 0.2;
/** Somebody who has searched is taken to search again for this long. */
const SEARCHED_MS = 50;
/** Background work that was kept waiting for long by searches may go on for this share of the time: it must not starve. */
const SHARE = 0.5;
/** While there are searches, what is patient rests so much longer than it works. */
const REST = 4;
/** Urgent work may go on for as long as it was kept waiting, so that it has half of the loop, but keeps a search waiting no longer than this. */
const URGENT_MS_MAX = 8;
/** What it could not have at once it has later, up to this. */
const OWED_MS_MAX = 2 * URGENT_MS_MAX;
/** Slices of urgent work before one of other work that waits. */
const URGENT_IN_A_ROW = 4;

/**
 * How much of a hurry work is in. `patient`: nobody waits for it, and it rests longer than it works while there are searches.
 * `urgent`: it is late, and has half of the loop for as long as it is, however many searches there are.
 */
export type Haste = 'patient' | 'usual' | 'urgent';

type Waiting = { readonly sinceMs: number; readonly begin: () => void };

/**
 * Shares the event loop between searches and what goes on in the background: applying the log, moving vectors into graphs,
 * flushing, verifying. Background work runs in slices, one in each turn of the loop and behind the searches that wait; while
 * there are searches, its slices are so short that a search hardly notices. One for all replicas of a process.
 */
export class Turns {
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  readonly #urgent: Waiting[] = [];
  /** Slices of urgent work since the last of other work. */
  #inARow = 0;
  /** Since when urgent work waits, and none is done. */
  #urgentSinceMs = 0;
  #owedMs = 0;
  #due = false;
  #gaveWay = false;
  #searchWaits = false;
  #searchedAt = -Infinity;
  #begunAt = -Infinity;
  #sliceMs = SLICE_MS;

  /** `now`: milliseconds that only grow. */
  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  /** A search has come in; it waits until `searched`. */
  searching(): void {
    this.#searchWaits = true;
  }

  /** No search waits any more. */
  searched(): void {
    this.#searchWaits = false;
    this.#searchedAt = this.#now();
  }

  /** How long the slice that has begun may take. */
  get sliceMs(): number {
    return this.#sliceMs;
  }

  /** Ends the caller's slice, if it is in one; resolves when its next begins. First come, first served, among those of one haste. */
  async next(haste: Haste = 'usual'): Promise<void> {
    const sinceMs = this.#now();
    if (haste === 'patient' && this.#busy(sinceMs)) await sleep(Math.min(SLICE_MS, sinceMs - this.#begunAt) * REST);
    await this.#begun(haste === 'urgent' ? this.#urgent : this.#waiting);
  }

  #begun(queue: Waiting[]): Promise<void> {
    return new Promise((resolve) => {
      const sinceMs = this.#now();
      if (this.#urgent.length === 0 && queue === this.#urgent) this.#urgentSinceMs = sinceMs;
      queue.push({ sinceMs, begin: resolve });
      this.#ensure();
    });
  }

  #busy(now: number): boolean {
    return now - this.#searchedAt < SEARCHED_MS;
  }

  #ensure(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => this.#give());
  }

  #give(): void {
    this.#due = false;
    // Searches that came in during this turn of the loop run at its end, after this. Once, since there may always be some.
    const isOwed = this.#urgent.length > 0 && this.#owedMs > 0;
    this.#gaveWay = this.#searchWaits && !this.#gaveWay && !isOwed;
    if (!this.#gaveWay) this.#begin();
    if (this.#waiting.length + this.#urgent.length > 0) this.#ensure();
  }

  #begin(): void {
    const isUrgent = this.#urgent.length > 0 && (this.#waiting.length === 0 || this.#inARow < URGENT_IN_A_ROW);
    this.#inARow = isUrgent ? this.#inARow + 1 : 0;
    const next = (isUrgent ? this.#urgent : this.#waiting).shift();
    if (next === undefined) return;
    const now = this.#now();
    const fair = isUrgent ? this.#spend(now) : Math.min(SLICE_MS, (now - next.sinceMs) * SHARE);
    this.#sliceMs = this.#busy(now) ? Math.max(SLICE_MS_MIN, fair) : SLICE_MS;
    this.#begunAt = now;
    next.begin();
  }

  /** What urgent work may take now of what it is owed. */
  #spend(now: number): number {
    const owed = Math.min(OWED_MS_MAX, this.#owedMs + Math.max(0, now - this.#urgentSinceMs));
    const spent = Math.min(URGENT_MS_MAX, owed);
    this.#owedMs = this.#busy(now) ? owed - spent : 0;
    // Others that are urgent wait from its end on.
    this.#urgentSinceMs = now + spent;
    return spent;
  }
}
