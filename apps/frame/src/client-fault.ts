import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
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
  const failure = faultOf(error.code);
  const correlationId = randomUUID();
  const { status, body } = answerOf(failure, correlationId);
  countFailure({ endpoint: 'unknown', type: failure.type, status });
  logger.info({ correlation_id: correlationId, type: failure.type, status }, failure.message);
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

/**
 * What Node would refuse by itself, with no body and no word to anybody. It is left to a hook to refuse it
 * (`faultOfHead`), so that it is answered, told and counted like anything else.
 */
export const nodeAnswersNothing = { requireHostHeader: false } as const;

export function takeExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** Both are of HTTP/1.1; older clients may do without a host, and expect nothing. */
export function faultOfHead({ httpVersion, headers }: IncomingMessage): Failure | undefined {
  if (httpVersion !== '1.1') return undefined;
  if (headers.host === undefined) return new Failure('validation_error', 'Host: missing');
  if (headers.expect === undefined || CONTINUE.test(headers.expect)) return undefined;
  return new Failure('expectation_failed', 'Expect: only 100-continue is met');
}
