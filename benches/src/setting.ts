/** What every figure of a run has in common, so that the subjects differ in nothing but themselves. */
export const K = 10;
export const EF = 64;
export const HNSW = { m: 16, ef_construction: 200, ef_search: EF } as const;
/** Points to a write. */
export const BATCH = 100;
/** Writers at once, where there is more than one. */
export const WRITERS = 4;
/** No wait of a benchmark is longer. */
export const PATIENCE_MS = 120_000;

/** How often, and for how long, each subject is measured. One more round comes first, to warm up, and is not counted. */
export type Rounds = {
  readonly count: number;
  readonly milliseconds: number;
  /** The same things done one after the other in a round, where a round is not a stretch of time. */
  readonly repeats: number;
  /** Processes of their own, one after the other, that a figure of memory is taken from. */
  readonly processes: number;
  /** Told of each round as it begins, the warm-up's being 0. */
  readonly begun?: (round: number) => void;
};

/** Each round's number, the warm-up's being 0. */
export function* numbered(rounds: Rounds): Generator<number> {
  for (let round = 0; round <= rounds.count; round++) {
    rounds.begun?.(round);
    yield round;
  }
}
