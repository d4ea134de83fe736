import type { Outcome } from '@vectorizer/contracts';
import { Failure, type WireFailure } from '@vectorizer/errors';

/** What became of one item of a batch. */
export type ItemResult = {
  readonly index: number;
  readonly id: string | null;
  readonly status: Outcome['status'] | 'logged';
  readonly version?: number;
  readonly error?: WireFailure;
};

/** The failure that an outcome amounts to for its caller; undefined for a success. */
export function failureOf(outcome: Outcome, id: string): Failure | undefined {
  switch (outcome.status) {
    case 'created':
    case 'updated':
    case 'unchanged':
    case 'deleted':
      break;
    case 'not_found':
      return new Failure('vector_not_found', `no vector has the id ${JSON.stringify(id)}`, {
        details: { vector_id: id },
      });
    case 'already_exists':
      return new Failure('vector_already_exists', `a vector has the id ${JSON.stringify(id)} already`, {
        details: { vector_id: id, ...versionOf(outcome) },
      });
    case 'version_conflict':
      return new Failure('version_conflict', `if_version: the version is ${outcome.version ?? 'another'}`, {
        details: { vector_id: id, ...versionOf(outcome) },
      });
    case 'idempotency_key_reused':
      return new Failure('idempotency_key_reused', 'Idempotency-Key: used before, for other operations');
    case 'rejected':
      return new Failure('validation_error', outcome.reason ?? 'rejected by the index', { details: { vector_id: id } });
  }
  return undefined;
}

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
