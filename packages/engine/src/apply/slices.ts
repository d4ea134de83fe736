import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** The longest stretch of work on the event loop before searches get their turn. */
const SLICE_MS = 2;

/**
 * Cuts long work into slices: `if (slices.due) await slices.next()`. A task that comes in many short parts (entry after
 * entry) keeps one, since a chain of resolved promises gives nobody else a turn.
 */
export class Slices {
  #end = performance.now() + SLICE_MS;

  get due(): boolean {
    return performance.now() >= this.#end;
  }

  async next(): Promise<void> {
    await yieldToOthers();
    this.#end = performance.now() + SLICE_MS;
  }
}
