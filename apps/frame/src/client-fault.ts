import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '@vectorizer/errors';
import { inRequest, oneOf, type Logger } from '@vectorizer/telemetry';
import { answerOf } from './failure-answer.ts';
import { countFailure } from './failure-metrics.ts';
import { arrivingOn, observeUnread, routeOf } from './request-hooks.ts';

/** The whole request did not arrive in the server's time for it. */
const SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';

/** Clients that may take as long as they like to send what they send; whoever reads it bounds their silence. */
const unhurried = new WeakSet<Socket>();

/** Until the answer is called. */
export function withoutHurry(socket: Socket): () => void {
  unhurried.add(socket);
  return () => void unhurried.delete(socket);
}

/**
 * Answers what is not HTTP enough to become a request (bytes that do not parse, headers too long), or to become a whole one
 * (a body that stops coming), in the one shape, writes the one line about it and counts it: no filter ever hears of it.
 */
export function answerClientFault(error: Error & { readonly code?: string }, socket: Socket, logger: Logger): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === SLOW && unhurried.has(socket)) return;
  const begun = arrivingOn(socket);
  if (begun?.reply.raw.headersSent === true) {
    // It has its answer, or a part of it; what is still missing of its body is no request.
    socket.destroy();
    return;
  }
  const failure = faultOf(error.code);
  const correlationId = begun?.request.id ?? randomUUID();
  const { status, body } = answerOf(failure, correlationId);
  if (begun === undefined) observeUnread(status);
  else begun.end(status);
  const endpoint = begun === undefined ? 'unknown' : routeOf(begun.request);
  countFailure({ endpoint, type: failure.type, status });
  const line = oneOf(`${failure.type} at ${endpoint}`, { type: failure.type, status });
  inRequest(correlationId, () => logger.info(line, failure.message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `x-correlation-id: ${correlationId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function faultOf(code: string | undefined): Failure {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Failure('headers_too_large', 'the request line and headers are over the limit');
  }
  if (code === SLOW) return new Failure('request_timeout', 'the request did not arrive in time');
  return new Failure('validation_error', 'not a valid HTTP request');
}
