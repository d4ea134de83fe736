import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Failure } from '@vectorizer/errors';

/** The stream is gone: its collection was dropped. */
export function isStreamGone(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** The server understood and refused; sending the same bytes again cannot help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status >= 400 && error.status < 500;
}

/** Nobody took a publish: there is no such log, or it has no leader. */
export function isUnanswered(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof errors.RequestError && cause.isNoResponders();
}

export function collectionGone(uid: string, cause: unknown): Failure {
  return new Failure('collection_not_found', 'the collection was dropped', { cause, details: { uid } });
}

export function logUnavailable(cause: unknown): Failure {
  return new Failure('log_unavailable', 'the write log cannot be reached', { cause });
}
