import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { oneOf, type Logger } from '@vectorizer/telemetry';
import { routeOf } from './request-hooks.ts';
import { inScopeOf } from './request-scope.ts';
import { answerOf, toFailure, type FailureShape } from './failure-answer.ts';
import { countFailure } from './failure-metrics.ts';
import { addressOf } from './trusted-proxies.ts';

/** Answers whatever a request ran into, in the one shape, and writes the one log line about it, unless there are many of the kind. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  readonly #logger: Logger;
  readonly #shape: FailureShape | undefined;

  constructor(logger: Logger, shape?: FailureShape) {
    this.#logger = logger;
    this.#shape = shape;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendFailure(thrown, http.getRequest<FastifyRequest>(), {
      reply: http.getResponse<FastifyReply>(),
      logger: this.#logger,
      shape: this.#shape,
    });
  }
}

type Door = { readonly reply: FastifyReply; readonly logger: Logger; readonly shape?: FailureShape | undefined };

/** Also for the faults that Fastify finds before any hook or filter: a URL that cannot be decoded. */
export function sendFailure(thrown: unknown, request: FastifyRequest, door: Door): void {
  const failure = withLimit(toFailure(thrown), request);
  const ours = answerOf(failure, request.id);
  const answer = door.shape?.(failure, ours, { request, reply: door.reply }) ?? ours;
  inScopeOf(request, () => logFailure(failure, request, door.logger));
  countFailure({ endpoint: routeOf(request), type: failure.type, status: answer.status });
  if (door.reply.sent) return;
  if (failure.type === 'payload_too_large' && sizeOf(request) <= DRAINED_BYTES_MAX)
    door.reply.removeHeader('connection');
  void door.reply
    .code(answer.status)
    .headers({ ...answer.headers, 'x-correlation-id': request.id })
    .send(answer.body);
}

/**
 * A client that is still sending when its connection closes never reads why. So up to this many bytes are read and
 * forgotten, and the connection is kept; it is closed on who sends more, or does not say how much.
 */
const DRAINED_BYTES_MAX = 256 * 1024 * 1024;

function sizeOf(request: FastifyRequest): number {
  return Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
}

/** Only the route knows how large its body may be. */
function withLimit(failure: Failure, request: FastifyRequest): Failure {
  const limit = request.routeOptions?.bodyLimit;
  if (failure.type !== 'payload_too_large' || limit === undefined || 'limit' in failure.details) return failure;
  return new Failure('payload_too_large', `the body is over the limit of ${limit} bytes`, {
    cause: failure,
    details: { ...failure.details, limit },
  });
}

function causeOf({ cause }: Failure): { readonly err?: unknown } {
  return cause === undefined ? {} : { err: cause };
}

const KEPT_OUT: ReadonlySet<number> = new Set([401, 403]);

function logFailure(failure: Failure, request: FastifyRequest, logger: Logger): void {
  const line = {
    method: request.method,
    path: request.url.split('?', 1)[0],
    type: failure.type,
    status: failure.http,
    // Who was kept out: the audit log has it of gateways alone.
    ...(KEPT_OUT.has(failure.http) && { address: addressOf(request) }),
  };
  // A fault of ours prints its stack and cause; one of the client's is only worth its message.
  if (failure.http === 500) logger.error({ ...line, error: failure }, failure.message);
  else if (failure.http > 500 && failure.onReplay === 'halt')
    logger.warn({ ...line, details: failure.details, ...causeOf(failure) }, failure.message);
  else logger.info(oneOf(`${failure.type} at ${routeOf(request)}`, line), failure.message);
}
