import { Failure } from '@vectorizer/errors';

/** Of what is stored, something is not as it was written: the state can be built anew, elsewhere or here. */
export function damaged(reason: string, cause?: unknown): Failure {
  return new Failure('storage_error', reason, { cause, details: { damaged: true } });
}

/** Whether a failure tells of damaged state, rather than of a node that cannot go on. */
export function isDamaged({ details }: Failure): boolean {
  return details['damaged'] === true;
}
