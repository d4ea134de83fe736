/** One way to search. `ask`, until its promise holds if it gives one, is all that is timed; the answer is read afterwards. */
export type Search = {
  readonly ask: (query: number) => unknown;
  readonly rowsOf: (answer: unknown) => readonly number[];
};

/** What one way of searching came to in one round. */
export type Measured = {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
  /** The rows found, by the query's number. */
  readonly found: ReadonlyMap<number, readonly number[]>;
};

/**
 * One way after the other is asked for this long: so short that both meet the same weather on a shared machine, so
 * long that each finds its part of the processor's caches warm.
 */
const TURN_MS = 100;

/** Asks each way the same queries, in turns, until each has had `milliseconds`. */
export async function measureInTurns(
  searches: readonly Search[],
  queries: number,
  milliseconds: number,
): Promise<readonly Measured[]> {
  const loops = searches.map((search) => new Loop(search, queries));
  for (let turn = 0; loops.some((loop) => loop.elapsedMs < milliseconds); turn++) {
    // Neither is always the one that comes after the other. One whose single search outlasts a turn needs fewer of them.
    for (const loop of turn % 2 === 0 ? loops : loops.toReversed()) {
      if (loop.elapsedMs < milliseconds) await loop.run(TURN_MS);
    }
  }
  return loops.map((loop) => loop.measured());
}

class Loop {
  readonly #search: Search;
  readonly #queries: number;
  readonly #latenciesMs: number[] = [];
  readonly #answers = new Map<number, unknown>();
  #next = 0;
  #elapsedMs = 0;

  constructor(search: Search, queries: number) {
    this.#search = search;
    this.#queries = queries;
  }

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  async run(milliseconds: number): Promise<void> {
    const start = performance.now();
    let now = start;
    while (now - start < milliseconds) {
      const query = this.#next++ % this.#queries;
      const asked = this.#search.ask(query);
      const answer = asked instanceof Promise ? await asked : asked;
      const end = performance.now();
      this.#latenciesMs.push(end - now);
      this.#answers.set(query, answer);
      now = end;
    }
    this.#elapsedMs += now - start;
  }

  measured(): Measured {
    const found = new Map<number, readonly number[]>();
    for (const [query, answer] of this.#answers) found.set(query, this.#search.rowsOf(answer));
    return { perSecond: this.#latenciesMs.length / (this.#elapsedMs / 1_000), latenciesMs: this.#latenciesMs, found };
  }
}
