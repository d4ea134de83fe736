import { REPLICAS_PER_HEARTBEAT_MAX, type Heartbeat, type ReplicaReport } from '@vectorizer/contracts';

/** News go out at once, but no more often than this, for each message that they take. */
const NEWS_MS = 20;

export type HeartbeatsOptions = {
  readonly everyMs: number;
  /** Answers how many messages it took. */
  readonly beat: () => number;
};

/** Calls `beat` regularly and soon after news. Keeps no process alive. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  #regular: NodeJS.Timeout | undefined;
  #news: NodeJS.Timeout | undefined;
  #nextNewsMs = -Infinity;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#regular ??= setInterval(() => this.#now(), this.#options.everyMs).unref();
    this.soon();
  }

  /** No earlier than `start`. */
  soon(): void {
    if (this.#regular === undefined || this.#news !== undefined) return;
    const wait = Math.max(0, this.#nextNewsMs - performance.now());
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
    this.#nextNewsMs = performance.now() + NEWS_MS * this.#options.beat();
  }
}

/** What a node says of its replicas, in as many messages as that takes; one where it has none. */
export function heartbeatsOf(about: Omit<Heartbeat, 'replicas'>, replicas: readonly ReplicaReport[]): Heartbeat[] {
  const count = Math.max(1, Math.ceil(replicas.length / REPLICAS_PER_HEARTBEAT_MAX));
  return Array.from({ length: count }, (_, i) => {
    const from = i * REPLICAS_PER_HEARTBEAT_MAX;
    return { ...about, replicas: replicas.slice(from, from + REPLICAS_PER_HEARTBEAT_MAX) };
  });
}
