/**
 * Every failure the system can answer. The type is the wire contract: it is never renamed and never reused.
 *
 * `onReplay` says what an index replica does when it meets the failure while it applies the log: `skip` a fault of
 * the entry (every replica decides the same), `halt` on a fault of this node, which skipping would hide.
 */
export const failures = {
  validation_error: { http: 400, retryable: false, onReplay: 'skip' },
  dimension_mismatch: { http: 400, retryable: false, onReplay: 'skip' },
  malformed_body: { http: 400, retryable: false, onReplay: 'skip' },
  invalid_token: { http: 400, retryable: false, onReplay: 'skip' },
  not_found: { http: 404, retryable: false, onReplay: 'skip' },
  collection_not_found: { http: 404, retryable: false, onReplay: 'skip' },
  vector_not_found: { http: 404, retryable: false, onReplay: 'skip' },
  method_not_allowed: { http: 405, retryable: false, onReplay: 'skip' },
  collection_already_exists: { http: 409, retryable: false, onReplay: 'skip' },
  vector_already_exists: { http: 409, retryable: false, onReplay: 'skip' },
  version_conflict: { http: 409, retryable: false, onReplay: 'skip' },
  idempotency_key_reused: { http: 409, retryable: false, onReplay: 'skip' },
  payload_too_large: { http: 413, retryable: false, onReplay: 'skip' },
  unsupported_media_type: { http: 415, retryable: false, onReplay: 'skip' },
  overloaded: { http: 429, retryable: true, onReplay: 'halt' },
  internal_error: { http: 500, retryable: false, onReplay: 'halt' },
  storage_error: { http: 500, retryable: false, onReplay: 'halt' },
  log_unavailable: { http: 503, retryable: true, onReplay: 'halt' },
  index_unavailable: { http: 503, retryable: true, onReplay: 'halt' },
  service_unavailable: { http: 503, retryable: true, onReplay: 'halt' },
  replica_behind: { http: 503, retryable: true, onReplay: 'halt' },
  replica_diverged: { http: 503, retryable: false, onReplay: 'halt' },
  deadline_exceeded: { http: 504, retryable: true, onReplay: 'halt' },
} as const satisfies Record<string, { http: number; retryable: boolean; onReplay: OnReplay }>;

export type OnReplay = 'skip' | 'halt';
export type FailureType = keyof typeof failures;

/** Own keys only: `'toString' in failures` would be true. */
export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(failures, type);
}
