import { askerOf, ruleOf, type Principal, type RouteRule } from '@vectorizer/frame';
import { Failure } from '@vectorizer/errors';
import { counter } from '@vectorizer/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matchedBy } from './matched.ts';
import type { RateLimiter, Verdict } from './rate-limiter.ts';

const rejections = counter({
  name: 'vectorizer_rate_limited_total',
  help: 'Requests refused since the rate of their key was used up',
  labelNames: ['limit_type'] as const,
});

/** When a request is held against the rates of its key. */
export type RequestLimits = {
  /** As soon as it is known whose it is, before it is asked what the key may. */
  readonly known: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** With its body. */
  readonly read: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly answered: (request: FastifyRequest) => Promise<void>;
};

/**
 * Holds every request of a key against its rates. One of many items costs as many; that is known only with its body, so before
 * that is read it is looked whether there is anything left at all, and one that never came so far costs one. What a filter
 * matches is known when it is done, and then taken.
 */
export function limitRequests(limiter: RateLimiter): RequestLimits {
  const charged = new WeakSet<FastifyRequest>();
  return {
    async known(request, reply) {
      const limited = limitedBy(request);
      if (limited !== undefined)
        await hold(limiter, limited, { reply, cost: limited.rule.items === undefined ? 1 : 0 });
    },
    async read(request, reply) {
      const limited = limitedBy(request);
      if (limited?.rule.items === undefined) return;
      charged.add(request);
      await hold(limiter, limited, { reply, cost: itemsIn(request.body, limited.rule.items) });
    },
    async answered(request) {
      const limited = limitedBy(request);
      if (limited === undefined) return;
      // Of these it has paid for one.
      const more = matchedBy(request) - 1;
      if (more > 0) await draw(limiter, limited, { cost: more, done: true });
      if (limited.rule.items === undefined || charged.has(request)) return;
      await draw(limiter, limited, { cost: 1 });
    },
  };
}

type Limited = { readonly principal: Principal; readonly rule: RouteRule };

/** Undefined where there are no keys, and on public routes. */
function limitedBy(request: FastifyRequest): Limited | undefined {
  const principal = askerOf(request);
  if (principal === undefined || principal.kind === 'open') return undefined;
  const rule = ruleOf(request.method, request.routeOptions.url ?? '');
  return rule === undefined ? undefined : { principal, rule };
}

type Taken = { readonly reply: FastifyReply; readonly cost: number };

async function hold(limiter: RateLimiter, { principal, rule }: Limited, { reply, cost }: Taken): Promise<void> {
  const effect = effectOf(rule);
  const verdict = await draw(limiter, { principal, rule }, { cost });
  if (verdict === undefined) return;
  reply.headers(headersOf(verdict));
  if (verdict.admitted) return;
  rejections.inc({ limit_type: effect });
  const { rate, waitMs } = verdict;
  throw new Failure('rate_limit_exceeded', `the key may ${effect} ${rate.per_s} a second, and ${rate.burst} at once`, {
    details: { limit_type: effect, limit: rate.per_s, burst: rate.burst, retry_after_s: Math.ceil(waitMs / 1_000) },
  });
}

async function draw(
  limiter: RateLimiter,
  { principal, rule }: Limited,
  asked: { readonly cost: number; readonly done?: boolean },
): Promise<Verdict | undefined> {
  const who = `${principal.kind}:${principal.id}`;
  return limiter.draw({ who, rate: principal.rate, effect: effectOf(rule), ...asked });
}

function effectOf({ effect }: RouteRule): 'read' | 'write' {
  return effect === 'read' ? 'read' : 'write';
}

/** A body that is not what the route expects costs one, and the route refuses it. */
export function itemsIn(body: unknown, field: NonNullable<RouteRule['items']>): number {
  if (typeof field === 'function') return Math.max(1, field(body));
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return 1;
  const items = (body as Readonly<Record<string, unknown>>)[field];
  return Array.isArray(items) ? Math.max(1, items.length) : 1;
}

function headersOf({ rate, tokens }: Verdict): Record<string, string> {
  return {
    'ratelimit-limit': String(rate.per_s),
    'ratelimit-remaining': String(Math.max(0, Math.floor(tokens))),
    'ratelimit-reset': String(Math.max(0, Math.ceil((rate.burst - tokens) / rate.per_s))),
    'ratelimit-policy': `${rate.burst};w=${Math.ceil(rate.burst / rate.per_s)}`,
  };
}
