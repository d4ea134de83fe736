import type { Outcome } from '@vectorizer/contracts';

/** Outcomes as runs of equal ones: a request of a thousand creations is remembered as one. */
export type OutcomeRuns = readonly (readonly [outcome: Outcome, times: number])[];

export function packOutcomes(outcomes: readonly Outcome[]): OutcomeRuns {
  const runs: [Outcome, number][] = [];
  for (const outcome of outcomes) {
    const last = runs.at(-1);
    if (last !== undefined && equal(last[0], outcome)) last[1] += 1;
    else runs.push([outcome, 1]);
  }
  return runs;
}

export function unpackOutcomes(runs: OutcomeRuns): Outcome[] {
  return runs.flatMap(([outcome, times]) => Array.from({ length: times }, () => outcome));
}

function equal(a: Outcome, b: Outcome): boolean {
  return a.status === b.status && a.version === b.version && a.count === b.count && a.reason === b.reason;
}
