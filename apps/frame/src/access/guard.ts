import { Failure } from '@vectorizer/errors';
import { counter, type Logger } from '@vectorizer/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../trusted-proxies.ts';
import type { Authenticator } from './authenticator.ts';
import type { EndlessAnswers } from './endless-answers.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { isLoopback } from './loopback.ts';
import { ANYBODY, askerOf, setPrincipal, type Principal } from './principal.ts';
import { ruleOf } from './route-rules.ts';
import type { RouteRule } from './rule.ts';
import type { Scope } from './scope.ts';

/** Asked of each request of somebody who is known by now; throws when it is to go no further. */
export type Admit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
/** What stands at a service's door. Installed before any route. */
export type Guard = { install(fastify: FastifyInstance, admit?: Admit): void };

export type DoorOptions = {
  readonly authenticator: Authenticator;
  readonly scope: Scope;
  readonly endless: EndlessAnswers;
  readonly failedAttempts: FailedAttempts;
  readonly logger: Logger;
  /** Whether anybody may do anything: without keys, on loopback. */
  readonly isOpen: () => boolean;
  /** `/metrics` is for everybody who can reach it. */
  readonly openMetrics: boolean;
};

const refusals = counter({
  name: 'vectorizer_access_refused_total',
  help: 'Requests without a good key, and requests of good keys for what they are not for',
  labelNames: ['reason'] as const,
});

export type Route = { readonly method: string; readonly pattern: string };

/** Lets through what the table of routes, and the key, allow. What the table does not know nobody may. */
export class Door implements Guard {
  readonly #options: DoorOptions;
  readonly #routes: Route[] = [];

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** All that there are behind it. */
  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** `admit` comes before it is asked what the key may: also what is refused takes work, and a place in the books. */
  install(fastify: FastifyInstance, admit?: Admit): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) {
        this.#routes.push({ method: each, pattern: url });
        const route = `${each} ${url}`;
        if (ruleOf(each, url) === undefined) this.#options.logger.error({ route }, 'not in the table of routes');
      }
    });
    fastify.addHook('onRequest', async (request, reply) => {
      if (!request.is404) await this.#enter(request, reply, admit);
    });
    fastify.addHook('preHandler', async (request) => {
      const principal = askerOf(request);
      const rule = ruleFor(request);
      if (principal === undefined || rule === undefined) return;
      await counted(async () => this.#options.scope.checkBody(request, principal, rule));
    });
  }

  async #enter(request: FastifyRequest, reply: FastifyReply, admit: Admit | undefined): Promise<void> {
    const rule = ruleFor(request);
    if (rule === undefined) throw new Failure('authorization_error', 'nobody may use this route');
    if (this.#isPublic(rule, request)) return;
    const principal = await counted(async () => this.#authenticate(request, reply));
    setPrincipal(request, principal);
    await admit?.(request, reply);
    await counted(async () => {
      checkPermissions(principal, rule);
      await this.#options.scope.check(request, principal, rule);
      if (!rule.endless || request.method === 'HEAD') return;
      const isGood = (): boolean => this.#isStillGood(request, principal, rule);
      this.#options.endless.add({ principal, isGood }, reply.raw);
    });
  }

  /** Whether whoever was let in would be let in now. A scope is never changed. */
  #isStillGood(request: FastifyRequest, principal: Principal, { needs }: RouteRule): boolean {
    if (principal.kind === 'open') return this.#options.isOpen();
    const permissions = this.#options.authenticator.permissionsNow(request, principal);
    return needs === 'public' || needs.every((permission) => permissions.has(permission));
  }

  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Principal> {
    if (this.#options.isOpen()) {
      refuseForeignName(request);
      refuseForeignPage(request, reply);
      return ANYBODY;
    }
    try {
      return await this.#options.authenticator.authenticate(request);
    } catch (thrown) {
      throw this.#failed(request, thrown);
    }
  }

  /** What is wrong too often is answered with when to come back. */
  #failed(request: FastifyRequest, thrown: unknown): unknown {
    if (!(thrown instanceof Failure) || thrown.type !== 'authentication_error') return thrown;
    const waitMs = this.#options.failedAttempts.note(addressOf(request), performance.now());
    if (waitMs === 0) return thrown;
    return new Failure('rate_limit_exceeded', 'too many requests without a good key came from this address', {
      cause: thrown,
      details: { limit_type: 'failed_attempts', retry_after_s: Math.ceil(waitMs / 1_000) },
    });
  }

  /** What comes through a proxy is no scraper's: a way in for everybody does not open the metrics to everybody. */
  #isPublic({ needs, action }: RouteRule, { headers }: FastifyRequest): boolean {
    if (needs === 'public') return true;
    const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
    return action === 'metrics.read' && this.#options.openMetrics && !isForwarded;
  }
}

function ruleFor(request: FastifyRequest): RouteRule | undefined {
  return ruleOf(request.method, request.routeOptions.url ?? '');
}

function checkPermissions({ permissions }: Principal, { needs }: RouteRule): void {
  const lacking = needs === 'public' ? undefined : needs.find((permission) => !permissions.has(permission));
  if (lacking === undefined) return;
  throw new Failure('authorization_error', `the key has no role with ${lacking}`, { details: { permission: lacking } });
}

/**
 * A page of anybody's can have a browser on this machine ask a name that it has resolve to this machine; then it may read
 * the answers. Without keys nothing else would be in its way.
 */
function refuseForeignName({ headers }: FastifyRequest): void {
  const { host } = headers;
  if (host === undefined || isLoopback(host.replace(/:\d+$/, ''))) return;
  throw new Failure('authorization_error', 'without keys only this machine may ask, and by its own name');
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A browser lets any page send what needs no leave of ours, such as a POST without a body, and only keeps the answer from it. */
function refuseForeignPage({ method, headers }: FastifyRequest, reply: FastifyReply): void {
  const { origin } = headers;
  if (origin === undefined || READING.has(method)) return;
  // An origin that was allowed has been told so by now.
  if (reply.hasHeader('access-control-allow-origin') || isLoopback(hostOf(origin))) return;
  throw new Failure('authorization_error', 'without keys only pages of this machine may change anything', {
    details: { origin },
  });
}

/** Without its port; empty for an origin that a browser does not tell. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : '';
}

async function counted<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.http < 500) refusals.inc({ reason: thrown.type });
    throw thrown;
  }
}
