import type { SearchResult, SearchSpec } from '@vectorizer/contracts';
import type { Shard, ShardSearchResult } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import { searched } from './index-metrics.ts';

/** The longest stretch of searches before everybody else has a turn. */
const SLICE_MS = 4;
/** Searches of one call that run in a row: a call of a hundred shares the loop with calls of one. */
const IN_A_ROW = 8;

/**
 * Runs the searches that came in during one turn of the event loop together, at its end: first all requests are read,
 * then all searched, then all answered. Searching each as it comes took twice the time at 32 connections, since the graph,
 * the parser and the socket code throw each other out of the processor's caches. A lone search waits for nobody.
 */
export class SearchCalls {
  #jobs: (() => void)[] = [];
  #turnIsDue = false;

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
    let sequence = Infinity;
    const results: SearchResult[] = [];
    for (let first = 0; first < searches.length; first += IN_A_ROW) {
      const found = await this.#next(shard, searches.slice(first, first + IN_A_ROW), deadline);
      for (const { hits, warnings, sequence: reflected } of found) {
        results.push({ hits, warnings });
        sequence = Math.min(sequence, reflected);
      }
    }
    searched((performance.now() - start) / 1_000);
    return { sequence, results };
  }

  async #next(shard: Shard, searches: readonly SearchSpec[], deadline: number): Promise<ShardSearchResult[]> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => {
        if (Date.now() > deadline) reject(new Failure('deadline_exceeded', 'the searches took too long'));
        // All together, so that no failure is left without a listener when another one comes first.
        else resolve(Promise.all(searches.map(async (spec) => shard.search({ ...spec, deadline }))));
      });
      this.#ensureTurn();
    });
  }

  #ensureTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnIsDue = false;
    const end = performance.now() + SLICE_MS;
    let done = 0;
    while (done < this.#jobs.length && performance.now() < end) {
      this.#jobs[done]?.();
      done += 1;
    }
    this.#jobs = this.#jobs.slice(done);
    if (this.#jobs.length > 0) this.#ensureTurn();
  }
}
