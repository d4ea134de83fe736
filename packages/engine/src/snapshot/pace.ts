/** What it rests for each millisecond of work: where there is time enough, and where there is not. */
const [REST_MAX, REST_MIN] = [4, 1];

/**
 * How long work in slices rests between them: it takes a fifth of the time, and more, up to a half, where it would not be through
 * in time otherwise.
 */
export class Pace {
  readonly #total: number;
  readonly #deadlineMs: number;
  #workedMs = 0;

  /** `total`: how many steps there are; `withinMs`: by when they are to be done, from now on. */
  constructor(total: number, withinMs: number, nowMs = performance.now()) {
    this.#total = total;
    this.#deadlineMs = nowMs + withinMs;
  }

  /** After a slice of so many milliseconds, with so many steps done in all. */
  restMs(workedMs: number, done: number, nowMs = performance.now()): number {
    this.#workedMs += workedMs;
    const leftMs = done >= this.#total ? 0 : (this.#workedMs / Math.max(1, done)) * (this.#total - done);
    const rest = leftMs === 0 ? REST_MAX : (this.#deadlineMs - nowMs) / leftMs - 1;
    return workedMs * Math.min(REST_MAX, Math.max(REST_MIN, rest));
  }
}
