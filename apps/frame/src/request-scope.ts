import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  CORRELATION_ID,
  inRequest,
  isTracing,
  openTrace,
  type OpenSpan,
  type TraceHeaders,
} from '@vectorizer/telemetry';

/** Nobody wants a trace of each time that somebody looks whether all is well. */
const UNTRACED = /^\/(health|metrics)/;
const spans = new WeakMap<IncomingMessage, OpenSpan>();

/**
 * Everything that a request makes this process do happens in its name: under its correlation id, and as a part of its
 * span when it has one. To be installed ahead of other hooks.
 */
export function installRequestScope(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isTracing()) openRequestSpan(request, reply);
    inScopeOf(request, done);
  });
  // The body came meanwhile, and its end is an event of the connection's.
  fastify.addHook('preValidation', (request, _reply, done) => inScopeOf(request, done));
}

/** For what is done about a request when its connection says so: the end of its answer. */
export function inScopeOf<T>(request: FastifyRequest, work: () => T): T {
  const span = isTracing() ? spans.get(request.raw) : undefined;
  return inRequest(request.id, span === undefined ? work : () => span.with(work));
}

function openRequestSpan(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
  if (UNTRACED.test(route)) return;
  const span = openTrace(traceHeadersOf(request), () => ({
    scope: 'vectorizer/http',
    name: `${request.is404 ? 'HTTP' : request.method} ${route}`,
    // Said here, since the request's scope begins with its span.
    attributes: { 'http.request.method': request.method, 'http.route': route, [CORRELATION_ID]: request.id },
  }));
  if (span === undefined) return;
  spans.set(request.raw, span);
  reply.raw.once('close', () => {
    span.span.setAttribute('http.response.status_code', reply.raw.statusCode);
    if (reply.raw.statusCode >= 500) span.fail({ type: String(reply.raw.statusCode), http: reply.raw.statusCode });
    if (!reply.raw.writableFinished) span.span.addEvent('the client was gone before the answer');
    span.span.end();
  });
}

const NO_CALLER: TraceHeaders = {};

function traceHeadersOf({ headers: { traceparent, tracestate } }: FastifyRequest): TraceHeaders {
  if (typeof traceparent !== 'string') return NO_CALLER;
  return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
}
