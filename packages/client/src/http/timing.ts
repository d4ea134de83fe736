/** Waits; throws the signal's reason when that comes first. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      end();
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** A signal that follows others, and aborts by itself when its time is up. `end` frees it; until then it keeps a timer. */
export class Limit {
  readonly #controller = new AbortController();
  readonly #given: readonly AbortSignal[];
  readonly #timer: ReturnType<typeof setTimeout>;
  #isOver = false;

  constructor(ms: number, ...given: readonly (AbortSignal | undefined)[]) {
    this.#given = given.filter((signal) => signal !== undefined);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, ms);
    for (const signal of this.#given) {
      if (signal.aborted) this.#controller.abort(signal.reason);
      signal.addEventListener('abort', this.#follow);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time that ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  abort(): void {
    this.#controller.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#given) signal.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (event: { readonly target: unknown }): void => {
    this.#controller.abort((event.target as AbortSignal | null)?.reason);
  };
}

/** Whether it is done, well or not, within the time. */
export async function settlesWithin(ms: number, task: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    task.then(settled, settled);
  });
}
