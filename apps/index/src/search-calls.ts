import type { SearchResult, SearchSpec, ShardSearchAnswer } from '@vectorizer/contracts';
import type { Shard, ShardSearchResult, Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import { outsideRequests } from '@vectorizer/telemetry';
import { searched } from './index-metrics.ts';

/** The longest stretch of searches before everybody else has a turn. */
const SLICE_MS = 4;
/** Searches of one call that run in a row: a call of a hundred shares the loop with calls of one. */
const IN_A_ROW = 8;

/** By when a call is to be answered (epoch milliseconds), and when it came in (`performance.now()`). */
type Call = { readonly deadline: number; readonly arrivedMs: number };

class Asked {
  readonly shard: Shard;
  readonly deadline: number;
  searchingMs = 0;

  constructor(shard: Shard, deadline: number) {
    this.shard = shard;
    this.deadline = deadline;
  }

  end(sinceMs: number): void {
    this.searchingMs += performance.now() - sinceMs;
  }
}

/**
 * Runs the searches that came in during one turn of the event loop together, at its end: first all requests are read,
 * then all searched, then all answered. Searching each as it comes took twice the time at 32 connections, since the graph,
 * the parser and the socket code throw each other out of the processor's caches. A lone search waits for nobody.
 */
export class SearchCalls {
  readonly #turns: Turns;
  #jobs: (() => void)[] = [];
  #turnIsDue = false;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * Every result reflects the whole entries of one sequence, but a call that gave way may have results of several:
   * `sequence` is the lowest of them, so that no result is older than the answer says.
   */
  async run(shard: Shard, searches: readonly SearchSpec[], { deadline, arrivedMs }: Call): Promise<ShardSearchAnswer> {
    const startMs = performance.now();
    const asked = new Asked(shard, deadline);
    const results: SearchResult[] = [];
    const reflected: number[] = [];
    for (let first = 0; first < searches.length; first += IN_A_ROW) {
      const found = await this.#next(asked, searches.slice(first, first + IN_A_ROW));
      for (const { hits, warnings, sequence } of found) {
        results.push({ hits, warnings });
        reflected.push(sequence);
      }
    }
    const { searchingMs } = asked;
    const stages = {
      wait: startMs - arrivedMs,
      queue: performance.now() - startMs - searchingMs,
      search: searchingMs,
    };
    searched(stages, shard.onGpu);
    const sequence = Math.min(...reflected);
    const answer = { sequence, results, stages };
    return reflected.every((each) => each === sequence) ? answer : { ...answer, reflected };
  }

  async #next(asked: Asked, searches: readonly SearchSpec[]): Promise<ShardSearchResult[]> {
    const { shard, deadline } = asked;
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => {
        if (Date.now() > deadline) return reject(new Failure('deadline_exceeded', 'the searches took too long'));
        const startMs = performance.now();
        let running = false;
        const found = searches.map(async (spec) => {
          const result = shard.search({ ...spec, deadline });
          running ||= result instanceof Promise;
          return result;
        });
        const foundMs = performance.now();
        asked.searchingMs += foundMs - startMs;
        // All together, so that no failure is left without a listener when another one comes first.
        const all = Promise.all(found);
        // Those that are found already are handed over at the end of the turn, which is not the time that they took.
        resolve(running ? all.finally(() => asked.end(foundMs)) : all);
      });
      this.#turns.searching();
      this.#ensureTurn();
    });
  }

  #ensureTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    // It is everybody's: what it finds amiss is not to be told as the first one's.
    outsideRequests(() => setImmediate(() => this.#turn()));
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
    else this.#turns.searched();
  }
}
