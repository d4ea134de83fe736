import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { SearchResult, SearchSpec } from '@vectorizer/contracts';
import type { Shard } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import { searched } from './index-metrics.ts';

/** The longest stretch of searches of one call before everybody else has a turn. */
const SLICE_MS = 4;

/**
 * Runs the searches of a call one after the other. A call of many gives way between two of them when its slice is used
 * up, and calls that gave way go on in turns, each in a turn of the event loop of its own: were they to go on together,
 * ten calls would hold the loop for ten slices.
 */
export class SearchCalls {
  #lastTurn: Promise<void> = Promise.resolve();

  /**
   * Every result reflects the whole entries of one sequence, but a call that gave way may have results of several:
   * `sequence` is the lowest of them, so that no result is older than the answer says.
   */
  async run(
    shard: Shard,
    searches: readonly SearchSpec[],
    deadline: number,
  ): Promise<{ readonly sequence: number; readonly results: readonly SearchResult[] }> {
    const start = performance.now();
    let end = start + SLICE_MS;
    let sequence = Infinity;
    const results: SearchResult[] = [];
    for (const spec of searches) {
      if (performance.now() >= end) {
        await this.#turn();
        if (Date.now() > deadline) throw new Failure('deadline_exceeded', 'the searches took too long');
        end = performance.now() + SLICE_MS;
      }
      const found = shard.search(spec);
      // Without a promise in between, a single search is answered in the turn that it came in.
      const { hits, warnings, sequence: reflected } = found instanceof Promise ? await found : found;
      results.push({ hits, warnings });
      sequence = Math.min(sequence, reflected);
    }
    searched((performance.now() - start) / 1_000);
    return { sequence, results };
  }

  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(async () => yieldToOthers());
    return this.#lastTurn;
  }
}
