import type { GpuAnswer, GpuQuery, GpuRows, GpuSearch } from './gpu-search.ts';

type Asked = { readonly query: GpuQuery; readonly answer: (answer: GpuAnswer | undefined) => void };

/**
 * Gathers the queries of one index into batches. What comes in one turn goes together, and so does what comes while a
 * batch is under way. Before the rows change, `submit` sends what waits: each query is answered from the rows as they
 * were when it came.
 */
export class Batches {
  readonly #search: GpuSearch;
  /** The rows as they are; called right before they are searched. */
  readonly #rows: () => GpuRows;
  readonly #onFailure: (reason: string) => void;
  #waiting: Asked[] = [];
  #underWay = 0;
  #scheduled = false;
  #closed = false;

  constructor(parts: {
    readonly search: GpuSearch;
    readonly rows: () => GpuRows;
    readonly onFailure: (reason: string) => void;
  }) {
    this.#search = parts.search;
    this.#rows = parts.rows;
    this.#onFailure = parts.onFailure;
  }

  /** Undefined when the device has failed; `onFailure` has been told. */
  async ask(query: GpuQuery): Promise<GpuAnswer | undefined> {
    if (this.#closed) return undefined;
    return new Promise((answer) => {
      this.#waiting.push({ query, answer });
      this.#schedule();
    });
  }

  submit(): void {
    while (this.#waiting.length > 0) {
      const rows = this.#rows();
      const max = this.#search.batchMax(rows.count);
      if (max > 0) void this.#run(rows, this.#waiting.splice(0, max));
      else this.#refuse(`out of memory: ${rows.count} points are too many for the device`);
    }
  }

  /** What waits, and what comes later, is not answered by the device. */
  close(): void {
    this.#closed = true;
    for (const { answer } of this.#waiting.splice(0)) answer(undefined);
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay > 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.submit();
    });
  }

  #refuse(reason: string): void {
    this.close();
    this.#onFailure(reason);
  }

  async #run(rows: GpuRows, batch: readonly Asked[]): Promise<void> {
    this.#underWay += 1;
    try {
      const answers = await this.#search.run(
        rows,
        batch.map(({ query }) => query),
      );
      for (const [i, { answer }] of batch.entries()) answer(answers[i]);
    } catch (cause) {
      this.#onFailure(cause instanceof Error ? cause.message : String(cause));
      for (const { answer } of batch) answer(undefined);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}
