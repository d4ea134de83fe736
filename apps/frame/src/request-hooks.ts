import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { series, type Logger } from '@vectorizer/telemetry';
import { faultOfHead } from './fault-of-head.ts';
import { inScopeOf } from './request-scope.ts';
import { KnownRoutes } from './known-routes.ts';

/** A request that is over. */
export type Answered = {
  readonly request: FastifyRequest;
  /** Of the answer; 499 when the client was gone before it was sent. */
  readonly status: number;
  /** From the request line to the last byte of the answer. */
  readonly seconds: number;
};
/** Told of every request once, whatever became of it. */
export type RequestObserver = (answered: Answered) => void;

type Watchers = { readonly logger: Logger; readonly observe?: RequestObserver | undefined };

/** What every request passes: the correlation id echoed, its time and status counted, a debug line. */
export function installRequestHooks(fastify: FastifyInstance, watchers: Watchers): void {
  const routes = new KnownRoutes(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id);
    watch(request, reply, watchers);
    const fault = faultOfHead(request.raw);
    if (fault !== undefined) done(fault);
    else if (!request.is404) done();
    else answerUnrouted(request, { reply, done, allowed: routes.allowed(request.url.split('?', 1)[0] ?? '') });
  });
}

/** Not by the hook for answers, which does not run when the client hangs up before it has its own. */
function watch(request: FastifyRequest, reply: FastifyReply, { logger, observe }: Watchers): void {
  let over = false;
  const end = (status: number): void => {
    if (over) return;
    over = true;
    const answered = { request, status, seconds: reply.elapsedTime / 1_000 };
    observeRequest(answered);
    observe?.(answered);
    if (!logger.isLevelEnabled('debug')) return;
    const line = { method: request.method, path: request.url.split('?', 1)[0], status };
    const ms = Math.round(reply.elapsedTime * 1_000) / 1_000;
    inScopeOf(request, () => logger.debug({ ...line, ms }, 'request'));
  };
  latest.set(request.raw.socket, { request, reply, end });
  reply.raw.once('finish', () => end(reply.statusCode));
  reply.raw.once('close', () => end(CLIENT_GONE));
}

type Begun = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** It is counted as answered so, and whatever becomes of it after that is not. */
  readonly end: (status: number) => void;
};
const latest = new WeakMap<Socket, Begun>();

/** The request of which this connection still brings the body. */
export function arrivingOn(socket: Socket): Begun | undefined {
  const begun = latest.get(socket);
  return begun?.request.raw.complete === false ? begun : undefined;
}

/** As other servers count it; nobody is sent this. */
const CLIENT_GONE = 499;

const duration = series({
  name: 'vectorizer_http_request_duration_seconds',
  help: 'Time from the request line to the last byte of the answer; its _count is the number of requests',
  labelNames: ['method', 'route', 'status'],
});

/** Routes are patterns and methods are few, so the labels are bounded whatever clients send. */
export function observeRequest({ request, status, seconds }: Answered): void {
  const method = request.is404 ? 'unknown' : request.method;
  duration.of(method, routeOf(request), String(status)).observe(seconds);
}

/** The pattern that it met, for a label. */
export function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'unknown' : (request.routeOptions?.url ?? 'unknown');
}

/** One that came to an end before its request line was read, and took no time of anybody's. */
export function observeUnread(status: number): void {
  duration.of('unknown', 'unknown', String(status)).observe(0);
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
