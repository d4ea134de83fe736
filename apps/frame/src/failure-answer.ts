import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';

export type FailureAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * The answer in the shape of another interface that the request was made by; undefined where it was made by ours. `ours` is
 * what would be answered there.
 */
export type FailureShape = (
  failure: Failure,
  ours: FailureAnswer,
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
) => FailureAnswer | undefined;

/** When to come back after a refusal for load or absence; a second is longer than most causes last. */
const RETRY_AFTER_S = '1';

/** The one shape of every error; the flat fields are for clients of version 1.1 and go away in 2.0. */
export function answerOf(failure: Failure, correlationId: string, status: number = failure.http): FailureAnswer {
  const { type, message, details } = failure;
  const body = JSON.stringify({
    error: { type, message, details, correlation_id: correlationId },
    error_type: type,
    message,
    status_code: status,
    details,
    request_id: correlationId,
  });
  const headers = { 'content-type': 'application/json; charset=utf-8', ...hintsOf(status, details) };
  return { status, headers, body };
}

/** What a client may do about it. */
function hintsOf(status: number, details: Failure['details']): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="vectorizer"' };
  if (status !== 429 && status !== 503) return {};
  const seconds = details['retry_after_s'];
  return { 'retry-after': typeof seconds === 'number' ? String(seconds) : RETRY_AFTER_S };
}

/** What was thrown, by us, by Nest or by Fastify, as one of our failures; what none of them foresaw is internal. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) return Failure.from(thrown);
  const message = thrown instanceof Error ? thrown.message : 'refused';
  const options = { cause: thrown };
  if (status === 404) return new Failure('not_found', 'no such route', options);
  if (status === 405) return new Failure('method_not_allowed', message, options);
  if (status === 413) return new Failure('payload_too_large', 'the body is over the limit', options);
  if (status === 415) {
    return new Failure('unsupported_media_type', 'expected application/json or application/msgpack', options);
  }
  return isBodyFault(thrown)
    ? new Failure('malformed_body', message, options)
    : new Failure('validation_error', message, options);
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

/** Fastify's codes for a body that could not be read: FST_ERR_CTP_…; Nest hands them on as the cause. */
function isBodyFault(thrown: unknown): boolean {
  const error = thrown instanceof HttpException ? thrown.cause : thrown;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_ERR_CTP_');
}
