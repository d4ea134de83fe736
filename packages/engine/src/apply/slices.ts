import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import type { Haste, Turns } from './turns.ts';

/** The longest stretch of work on the event loop before searches get their turn. */
const SLICE_MS = 2;

/**
 * Cuts long work into slices: `if (slices.due) await slices.next()`. A task that comes in many short parts (entry after
 * entry) keeps one, since a chain of resolved promises gives nobody else a turn.
 */
export class Slices {
  readonly #deadline: number;
  readonly #turns: Turns | undefined;
  #end = performance.now() + SLICE_MS;
  /** With `turns`. */
  haste: Haste = 'usual';

  /**
   * After the deadline (epoch milliseconds) nobody waits for the work any more: `next` ends it. With `turns` it is background
   * work, which goes behind searches.
   */
  constructor(deadline: number = Infinity, turns?: Turns) {
    this.#deadline = deadline;
    this.#turns = turns;
  }

  get due(): boolean {
    return performance.now() >= this.#end;
  }

  async next(): Promise<void> {
    await (this.#turns?.next(this.haste) ?? yieldToOthers());
    if (Date.now() > this.#deadline) throw new Failure('deadline_exceeded', 'the scan took longer than there was time');
    this.#end = performance.now() + (this.#turns?.sliceMs ?? SLICE_MS);
  }
}
