import { Failure } from '@vectorizer/errors';
import type { Outcome } from './outcome.ts';

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

function versionOf(outcome: Outcome): { readonly version?: number } {
  return outcome.version === undefined ? {} : { version: outcome.version };
}
