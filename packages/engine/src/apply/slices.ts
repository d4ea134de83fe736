import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** The longest stretch of work on the event loop before searches get their turn. */
const SLICE_MS = 2;

/** Cuts long work into slices: `if (slices.due) await slices.next()`. */
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
