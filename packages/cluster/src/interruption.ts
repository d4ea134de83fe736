/** Ends waiting for what cannot come any more. */
export class Interruption {
  readonly #waiting = new Set<() => void>();

  /** As the task ends; rejects with what `failure` makes as soon as there is an interruption. */
  async unless<T>(task: Promise<T>, failure: () => Error): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const tell = (): void => reject(failure());
    this.#waiting.add(tell);
    try {
      return await Promise.race([task, promise]);
    } finally {
      this.#waiting.delete(tell);
    }
  }

  now(): void {
    for (const tell of this.#waiting) tell();
  }
}
