import { setTimeout as sleep } from 'node:timers/promises';

/** The longest stretch of background work on the event loop where nobody searches. */
const SLICE_MS = 2;
/** Where somebody does, the shortest: what cannot be cut, an insertion into a graph, takes as long. */
const SLICE_MS_MIN = 0.2;
/** Somebody who has searched is taken to search again for this long. */
const SEARCHED_MS = 50;
/** Background work that was kept waiting for long by searches may go on for this share of the time: it must not starve. */
const SHARE = 0.5;
/** While there are searches, what is not urgent rests so much longer than it works. */
const REST = 4;

/**
 * Shares the event loop between searches and what goes on in the background: applying the log, moving vectors into graphs,
 * flushing, verifying. Background work runs in slices, one in each turn of the loop and behind the searches that wait; while
 * there are searches, its slices are so short that a search hardly notices. One for all replicas of a process.
 */
export class Turns {
  readonly #waiting: { readonly sinceMs: number; readonly begin: () => void }[] = [];
  #due = false;
  #gaveWay = false;
  #searchWaits = false;
  #searchedAt = -Infinity;
  #begunAt = -Infinity;
  #sliceMs = SLICE_MS;

  /** A search has come in; it waits until `searched`. */
  searching(): void {
    this.#searchWaits = true;
  }

  /** No search waits any more. */
  searched(): void {
    this.#searchWaits = false;
    this.#searchedAt = performance.now();
  }

  /** How long the slice that has begun may take. */
  get sliceMs(): number {
    return this.#sliceMs;
  }

  /** Ends the caller's slice, if it is in one; resolves when its next begins. First come, first served. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ sinceMs: performance.now(), begin: resolve });
      this.#ensure();
    });
  }

  /** The same for work that can wait: while there are searches, it takes no more than a fifth of the time, and leaves as much less garbage. */
  async rest(): Promise<void> {
    const now = performance.now();
    if (this.#busy(now)) await sleep(Math.min(SLICE_MS, now - this.#begunAt) * REST);
    await this.next();
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
    this.#gaveWay = this.#searchWaits && !this.#gaveWay;
    if (!this.#gaveWay) this.#begin();
    if (this.#waiting.length > 0) this.#ensure();
  }

  #begin(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const now = performance.now();
    const fair = Math.min(SLICE_MS, Math.max(SLICE_MS_MIN, (now - next.sinceMs) * SHARE));
    this.#sliceMs = this.#busy(now) ? fair : SLICE_MS;
    this.#begunAt = now;
    next.begin();
  }
}
