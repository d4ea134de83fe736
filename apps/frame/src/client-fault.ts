import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { answerOf } from './failure-answer.ts';
import { countFailure } from './failure-metrics.ts';

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
 * Answers what is not HTTP enough to become a request (bytes that do not parse, headers too long), in the one shape, and writes
 * the one line about it: no route, hook or filter ever hears of it.
 */
export function answerClientFault(error: Error & { readonly code?: string }, socket: Socket, logger: Logger): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === SLOW && unhurried.has(socket)) return;
  const { failure, status } = faultOf(error.code);
  const correlationId = randomUUID();
  const { body } = answerOf(failure, correlationId, status);
  countFailure({ endpoint: 'unknown', type: failure.type, status });
  logger.info({ correlation_id: correlationId, type: failure.type, status }, failure.message);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `x-correlation-id: ${correlationId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function faultOf(code: string | undefined): { readonly failure: Failure; readonly status: number } {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      failure: new Failure('payload_too_large', 'the request line and headers are over the limit'),
      status: 431,
    };
  }
  if (code === SLOW) {
    return { failure: new Failure('deadline_exceeded', 'the request did not arrive in time'), status: 408 };
  }
  return { failure: new Failure('validation_error', 'not a valid HTTP request'), status: 400 };
}
