import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerError } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';
import { describeError } from '../report-and-exit.ts';

const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 3_000;

export type PatienceOptions = {
  /** How long a server may be away. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  /** Told once when the waiting begins. */
  readonly onWait: (reason: string) => void;
};

/** Waits for a server that is away, longer after each failure, for a bounded time in all. */
export class Patience {
  readonly #options: PatienceOptions;
  #failures = 0;
  #since = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** Returns when it is time to try again; throws what trying again will not mend, and when the time is up. */
  async after(error: unknown): Promise<void> {
    const { patienceMs, stop, onWait } = this.#options;
    if (!(error instanceof VectorizerError) || !error.retryable) throw error;
    const now = performance.now();
    if (this.#failures === 0) {
      this.#since = now;
      onWait(describeError(error));
    }
    const left = this.#since + patienceMs - now;
    if (left <= 0) {
      const waited = `gave up after ${Math.round(patienceMs / 1_000)} s`;
      throw new Failure('service_unavailable', `${waited}: ${describeError(error)}`, { cause: error });
    }
    const backoff = Math.min(BACKOFF_MS * 2 ** this.#failures, BACKOFF_MS_MAX, left);
    this.#failures += 1;
    await sleep(backoff, undefined, { signal: stop });
  }
}

/** Does what is harmless to do twice until it is answered. */
export async function patiently<Result>(options: PatienceOptions, action: () => Promise<Result>): Promise<Result> {
  const patience = new Patience(options);
  for (;;) {
    options.stop.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      await patience.after(error);
    }
  }
}
