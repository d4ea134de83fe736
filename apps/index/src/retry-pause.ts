/** Doubled with each failure in a row, up to the longest. */
const PAUSE_MS_FIRST = 1_000;
const PAUSE_MS_MAX = 60_000;

/** Keeps what has failed from being tried again at once, where a try costs much. */
export class RetryPause {
  readonly #now: () => number;
  #pauseMs = PAUSE_MS_FIRST;
  #endsAtMs = -Infinity;

  /** `now`: milliseconds that only grow. */
  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  get over(): boolean {
    return this.#now() >= this.#endsAtMs;
  }

  failed(): void {
    this.#endsAtMs = this.#now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }

  succeeded(): void {
    this.#pauseMs = PAUSE_MS_FIRST;
  }
}
