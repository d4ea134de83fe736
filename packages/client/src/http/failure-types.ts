/** Every type of failure that a server answers, and whether the same request may succeed later, unchanged. */
export const failureTypes = {
  validation_error: false,
  dimension_mismatch: false,
  malformed_body: false,
  invalid_token: false,
  authentication_error: false,
  authorization_error: false,
  not_found: false,
  collection_not_found: false,
  vector_not_found: false,
  event_not_found: false,
  dead_letter_not_found: false,
  method_not_allowed: false,
  request_timeout: true,
  collection_already_exists: false,
  vector_already_exists: false,
  token_ahead: false,
  version_conflict: false,
  idempotency_key_reused: false,
  event_refused: false,
  changes_gone: false,
  payload_too_large: false,
  unsupported_media_type: false,
  expectation_failed: false,
  overloaded: true,
  rate_limit_exceeded: true,
  headers_too_large: false,
  internal_error: false,
  not_implemented: false,
  storage_error: false,
  log_unavailable: true,
  index_unavailable: true,
  service_unavailable: true,
  replica_behind: true,
  replica_diverged: false,
  deadline_exceeded: true,
} as const satisfies Readonly<Record<string, boolean>>;

export type FailureType = keyof typeof failureTypes;

/** Own keys only: `'toString' in failureTypes` would be true. */
export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(failureTypes, type);
}
