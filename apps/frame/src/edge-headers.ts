import type { FastifyInstance } from 'fastify';

export type EdgeHeaders = {
  /** Pages of these origins may read answers, by a browser's leave. None unless told. */
  readonly corsOrigins?: readonly string[];
  readonly https?: object;
};

/** For what a browser would do with an answer of ours if somebody lured it: guess its type, frame it, run it, tell of it. */
const SAFE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const;
const HTTPS_ONLY = { 'strict-transport-security': 'max-age=31536000' } as const;
const CORS = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'authorization, x-api-key, api-key, content-type, idempotency-key, x-vectorizer-token, x-correlation-id, last-event-id, cache-control',
  'access-control-expose-headers':
    'x-correlation-id, x-vectorizer-token, idempotency-key, retry-after, location, x-cache, ratelimit-limit, ratelimit-remaining, ratelimit-reset',
  'access-control-max-age': '600',
} as const;

/** Of every answer, also of errors. A route may set others. Credentials of a browser's own (cookies) are never asked for. */
export function installEdgeHeaders(fastify: FastifyInstance, { corsOrigins = [], https }: EdgeHeaders): void {
  const always = https === undefined ? SAFE : { ...SAFE, ...HTTPS_ONLY };
  const origins: ReadonlySet<string> = new Set(corsOrigins);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(always);
    if (origins.size > 0) {
      const { origin } = request.headers;
      reply.header('vary', 'origin');
      if (origin !== undefined && origins.has(origin)) {
        reply.headers({
          ...CORS,
          'access-control-allow-origin': origin,
          'cross-origin-resource-policy': 'cross-origin',
        });
      }
    }
    done();
  });
}
