import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { histogram, type Logger } from '@vectorizer/telemetry';
import { KnownRoutes } from './known-routes.ts';

/** What every request passes: the correlation id echoed, its time and status counted, a debug line. */
export function installRequestHooks(fastify: FastifyInstance, logger: Logger): void {
  const routes = new KnownRoutes(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id);
    if (!request.is404) done();
    else answerUnrouted(request, { reply, done, allowed: routes.allowed(request.url.split('?', 1)[0] ?? '') });
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    observeRequest(request, reply);
    if (logger.isLevelEnabled('debug')) {
      const line = { correlation_id: request.id, method: request.method, path: request.url.split('?', 1)[0] };
      logger.debug({ ...line, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 1_000) / 1_000 }, 'request');
    }
    done();
  });
}

const duration = histogram({
  name: 'vectorizer_http_request_duration_seconds',
  help: 'Time from the request line to the last byte of the answer; its _count is the number of requests',
  labelNames: ['method', 'route', 'status'] as const,
});

/** Routes are patterns and methods are few, so the labels are bounded whatever clients send. */
export function observeRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.is404 ? 'unknown' : (request.routeOptions?.url ?? 'unknown');
  const method = request.is404 ? 'unknown' : request.method;
  duration.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
}

type Unrouted = {
  readonly reply: FastifyReply;
  readonly done: (error?: Error) => void;
  readonly allowed: readonly string[];
};

function answerUnrouted(request: FastifyRequest, { reply, done, allowed }: Unrouted): void {
  if (allowed.length === 0) return done();
  reply.header('allow', [...allowed, 'OPTIONS'].join(', '));
  if (request.method === 'OPTIONS') return void reply.code(204).send();
  const message = `${request.method} is not one of ${allowed.join(', ')}`;
  done(new Failure('method_not_allowed', message, { details: { allowed } }));
}
