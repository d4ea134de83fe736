import { HEARTBEAT_MS } from '@vectorizer/contracts';

/** News go out at once, but no more often than this. */
const NEWS_MS = 20;

/** Calls `beat` every heartbeat's time and soon after news. Keeps no process alive. */
export class Heartbeats {
  readonly #beat: () => void;
  #regular: NodeJS.Timeout | undefined;
  #news: NodeJS.Timeout | undefined;
  #last = -Infinity;

  constructor(beat: () => void) {
    this.#beat = beat;
  }

  start(): void {
    this.#regular ??= setInterval(() => this.#now(), HEARTBEAT_MS).unref();
    this.soon();
  }

  /** No earlier than `start`. */
  soon(): void {
    if (this.#regular === undefined || this.#news !== undefined) return;
    const wait = Math.max(0, this.#last + NEWS_MS - performance.now());
    this.#news = setTimeout(() => this.#now(), wait).unref();
  }

  stop(): void {
    clearInterval(this.#regular);
    clearTimeout(this.#news);
    this.#regular = this.#news = undefined;
  }

  #now(): void {
    clearTimeout(this.#news);
    this.#news = undefined;
    this.#last = performance.now();
    this.#beat();
  }
}
