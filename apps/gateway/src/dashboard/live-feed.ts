import type { DashboardSample } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';

const SAMPLE_MS = 1_000;
/** Streams that are open at once: each is a person, or a script that should scrape the metrics instead. */
const WATCHERS_MAX = 64;

export type LiveFeedOptions = {
  readonly sample: (correlationId: string) => Promise<DashboardSample>;
  readonly logger: Logger;
  readonly everyMs?: number;
};

/**
 * One sample a second for all who watch, taken only while somebody does. A watcher that is slow misses samples, and costs
 * no memory: there is only the newest.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #waiting = new Set<() => void>();
  #watchers = 0;
  #closed = false;
  #newest: { readonly number: number; readonly text: string } | undefined;
  #number = 0;
  #isTurning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  /** The text of a stream. Throws `overloaded`, before the first text, when too many are open. */
  open(correlationId: string): AsyncIterable<string> {
    if (this.#watchers >= WATCHERS_MAX) throw new Failure('overloaded', 'too many dashboards are open at this gateway');
    return this.#text(correlationId);
  }

  /** Ends all streams: their clients come back, to another gateway. Called by Nest before the server closes. */
  onModuleDestroy(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#wake();
  }

  async *#text(correlationId: string): AsyncGenerator<string> {
    this.#watchers += 1;
    if (!this.#isTurning) void this.#turn(correlationId);
    try {
      yield 'retry: 1000\n\n';
      let told = 0;
      while (!this.#closed) {
        if (this.#newest === undefined || this.#newest.number === told) {
          await new Promise<void>((resolve) => this.#waiting.add(resolve));
          continue;
        }
        told = this.#newest.number;
        yield this.#newest.text;
      }
    } finally {
      this.#watchers -= 1;
    }
  }

  /** Goes on for as long as somebody watches. */
  async #turn(correlationId: string): Promise<void> {
    const { sample, logger, everyMs = SAMPLE_MS } = this.#options;
    this.#isTurning = true;
    try {
      const text = JSON.stringify(await sample(correlationId));
      this.#number += 1;
      this.#newest = { number: this.#number, text: `id: ${this.#number}\nevent: sample\ndata: ${text}\n\n` };
    } catch (error) {
      logger.error({ err: error, correlation_id: correlationId }, 'the dashboard has missed a sample');
    }
    this.#wake();
    if (this.#watchers > 0 && !this.#closed) {
      this.#timer = setTimeout(() => void this.#turn(correlationId), everyMs);
    } else {
      this.#isTurning = false;
      this.#newest = undefined;
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
