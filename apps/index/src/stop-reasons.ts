import type { StoppedBy } from '@vectorizer/contracts';
import { isDamaged } from '@vectorizer/engine';
import type { Failure } from '@vectorizer/errors';

/** Whose fault it is that a replica has stopped: its log's, its stored state's, or its node's. */
export function stoppedBy(cause: Failure): StoppedBy {
  if (cause.type === 'replica_diverged') return 'log';
  return isDamaged(cause) ? 'state' : 'node';
}

/** Of what was not foreseen, the cause says more than "unexpected failure". */
export function reasonOf({ type, message, cause }: Failure): string {
  const told = typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : undefined;
  return type === 'internal_error' && told !== undefined ? `${message}: ${told}` : message;
}
