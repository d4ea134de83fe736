import { VectorizerError } from './vectorizer-error.ts';
import { Limit } from './timing.ts';

/** Ends a stream that says nothing for too long, as a connection does whose other end is gone without a word. */
export class Silence {
  readonly #ms: number;
  readonly #given: readonly (AbortSignal | undefined)[];
  readonly #stop = new AbortController();
  #limit: Limit;

  constructor(ms: number, given: readonly (AbortSignal | undefined)[]) {
    this.#ms = ms;
    this.#given = given;
    this.#limit = this.#begin();
  }

  /** Aborted when it is silent for too long, when one of the given signals is, and at the end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What it came to for its caller that the stream broke off: it may have been silent for too long. */
  brokenOff(cause: unknown): VectorizerError {
    return this.#limit.isOver ? VectorizerError.timeout(this.#ms) : VectorizerError.connection(cause);
  }

  /** The same pieces; while one is dealt with, nobody waits for the next. */
  async *watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#limit.end();
      yield piece;
      this.#limit = this.#begin();
    }
  }

  /** Something has happened: the time begins anew. */
  heard(): void {
    this.#limit.end();
    this.#limit = this.#begin();
  }

  end(): void {
    this.#limit.end();
    this.#stop.abort();
  }

  #begin(): Limit {
    const limit = new Limit(this.#ms, ...this.#given);
    const stop = (): void => this.#stop.abort(limit.signal.reason);
    if (limit.signal.aborted) stop();
    limit.signal.addEventListener('abort', stop);
    return limit;
  }
}
