/**
 * Every failure the system can answer. The type is the wire contract: it is never renamed and never reused.
 * docs/ERRORS.md has this table for clients.
 */
export const failures = {
  validation_error: refused(
    400,
    'a field is missing, unknown, of the wrong type or out of range; the message names it',
  ),
  dimension_mismatch: refused(
    400,
    'the vector has another dimension than the collection; `details: { expected, actual }`',
  ),
  malformed_body: refused(400, 'the body is not JSON or MessagePack, or an archive ends early'),
  invalid_token: refused(400, '`X-Vectorizer-Token` is not a token, or not of this collection'),
  authentication_error: refused(401, 'no key, or one that is wrong, expired or revoked; the answer does not say which'),
  authorization_error: refused(
    403,
    'the key is good, and not for this: `details.permission` or `details.collection` is what it lacks',
  ),
  not_found: refused(404, 'no such route'),
  collection_not_found: refused(404, 'no collection has that name'),
  vector_not_found: refused(404, 'no point has that id'),
  event_not_found: refused(404, 'no event has that sequence'),
  dead_letter_not_found: refused(404, 'no dead letter has that sequence; it was retried or dropped'),
  method_not_allowed: refused(405, 'the route exists, with other methods'),
  request_timeout: slow(408, 'the whole request did not arrive in time; the connection is closed'),
  collection_already_exists: refused(409, 'the name is taken; of creates at one time, one wins'),
  vector_already_exists: refused(409, 'an insert met a point of that id'),
  token_ahead: refused(409, '`X-Vectorizer-Token` names entries that the log does not have; `details` has both ends'),
  version_conflict: refused(409, "`if_version` is not the point's version; `details: { version }` is what was found"),
  idempotency_key_reused: refused(409, 'the key was used before, for other operations'),
  event_refused: refused(409, 'the event was not written; `details` has the number of its dead letter and the reason'),
  changes_gone: refused(
    410,
    'the log no longer holds the changes after that position; `details.first` is where it begins: follow `from=start`',
  ),
  payload_too_large: refused(413, 'the body is over the limit'),
  unsupported_media_type: refused(
    415,
    'send `application/json` or `application/msgpack`; an archive as `application/x-tar`',
  ),
  expectation_failed: refused(417, '`Expect` demands something other than `100-continue`'),
  overloaded: later(429, 'a queue is full; see `Retry-After`'),
  rate_limit_exceeded: later(
    429,
    "the key's rate is used up; `details` has `limit_type` and `limit`, `Retry-After` when it is worth coming back",
  ),
  headers_too_large: refused(431, 'the request line and headers are over the limit'),
  internal_error: broken(500, 'a bug of ours; the log has its cause under the correlation id'),
  not_implemented: refused(
    501,
    "an operation of another database's interface that there is not here; the message says why",
  ),
  storage_error: broken(500, 'a disk or a file failed'),
  log_unavailable: later(
    503,
    'the write log cannot be reached; the outcome is unknown: retry with the same `Idempotency-Key`',
  ),
  index_unavailable: later(503, 'no replica of a shard answers; `details.replicas` says by node why'),
  service_unavailable: later(503, 'a service of ours does not answer'),
  replica_behind: later(503, 'no replica reached the demanded sequence in time; `details` has the lag'),
  replica_diverged: broken(503, "the replica's log is not the one that it applied; it waits to be rebuilt"),
  deadline_exceeded: later(504, '`timeout_ms` passed; for a write, `details.logged` says whether it is in the log'),
} as const satisfies Record<string, FailureRow>;

export type FailureType = keyof typeof failures;

/**
 * What an index replica does when it meets the failure while it applies the log: `skip` a fault of the entry (every
 * replica decides the same), `halt` on a fault of this node, which skipping would hide.
 */
export type OnReplay = 'skip' | 'halt';

type FailureRow = {
  readonly http: number;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly onReplay: OnReplay;
  /** For people, in Markdown. */
  readonly meaning: string;
};

/** The request is at fault, and stays so. */
function refused(http: number, meaning: string): FailureRow {
  return { http, retryable: false, onReplay: 'skip', meaning };
}

/** The way to us was too slow for the request, which may be another time. */
function slow(http: number, meaning: string): FailureRow {
  return { http, retryable: true, onReplay: 'skip', meaning };
}

/** Something of ours is away or behind, and will be back. */
function later(http: number, meaning: string): FailureRow {
  return { http, retryable: true, onReplay: 'halt', meaning };
}

/** Something of ours is broken, and somebody has to look. */
function broken(http: number, meaning: string): FailureRow {
  return { http, retryable: false, onReplay: 'halt', meaning };
}

/** Own keys only: `'toString' in failures` would be true. */
export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(failures, type);
}
