import { BEAT_MS, SILENT_MS } from './presence.ts';

/**
 * Tells a process that it stood still: paused, or too busy to turn its loop. What it reads right after that may have lain
 * there all the while, and those who sent it may have given up and gone elsewhere.
 */
export class Pulse {
  readonly #stalled: () => void;
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();

  constructor(on: { readonly beat: () => void; readonly stalled: () => void }) {
    this.#stalled = on.stalled;
    this.#timer = setInterval(() => {
      this.feel();
      on.beat();
    }, BEAT_MS);
    this.#timer.unref();
  }

  /** To be called before anything is made of a message: it may come ahead of the timer. */
  feel(): void {
    const nowMs = performance.now();
    const stood = nowMs - this.#lastMs > SILENT_MS;
    this.#lastMs = nowMs;
    if (stood) this.#stalled();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
