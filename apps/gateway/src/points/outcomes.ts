import { failureOf, type Answer, type Outcome } from '@vectorizer/contracts';
import type { Failure } from '@vectorizer/errors';

/** What became of one item of a batch. */
export type ItemResult = Answer<'ItemResult'>;

/** An item that never reached the log. */
export function refusedResult(index: number, id: string | null, failure: Failure): ItemResult {
  return { index, id, status: 'rejected', error: failure.toWire() };
}

/** An item that the log took; without an outcome, that is all that is known. */
export function loggedResult(index: number, id: string | null, outcome: Outcome | undefined): ItemResult {
  if (outcome === undefined) return { index, id, status: 'logged' };
  const failure = failureOf(outcome, id ?? '');
  return {
    index,
    id,
    status: outcome.status,
    ...versionOf(outcome),
    ...(failure === undefined ? {} : { error: failure.toWire() }),
  };
}

function versionOf(outcome: Outcome): { readonly version?: number } {
  return outcome.version === undefined ? {} : { version: outcome.version };
}
