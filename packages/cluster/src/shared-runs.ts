/**
 * A task that many want done, one run at a time. Whoever asks gets a run that begins after they asked, and shares it with
 * all who asked meanwhile.
 */
export class SharedRuns {
  readonly #task: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  async run(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    const begin = async (): Promise<void> => this.#begin();
    this.#next = this.#running.then(begin, begin);
    return this.#next;
  }

  async #begin(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#task();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }
}
