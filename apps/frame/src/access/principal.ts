import { coversPatterns, matchesAny, Permission, type KeyRate } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { FastifyRequest } from 'fastify';

/** What somebody may: the permissions of their roles, in the collections and for the events that match. */
export type Grants = {
  readonly permissions: ReadonlySet<Permission>;
  readonly collections: readonly string[];
  readonly events: readonly string[];
};

/** Who asks. */
export type Principal = Grants & {
  /** `open`: anybody, where there are no keys. */
  readonly kind: 'open' | 'key' | 'token';
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly rate: KeyRate | undefined;
  /** The time, since the epoch, from which on it is not good any more. */
  readonly goodUntilMs: number;
};

const EVERYTHING: Grants = { permissions: new Set(Permission.options), collections: ['*'], events: ['>'] };

/** Whoever comes to a system without keys, which listens on loopback only. */
export const ANYBODY: Principal = {
  kind: 'open',
  id: 'anybody',
  name: 'anybody',
  roles: ['admin'],
  rate: undefined,
  goodUntilMs: Number.POSITIVE_INFINITY,
  ...EVERYTHING,
};

const principals = new WeakMap<FastifyRequest, Principal>();

export function setPrincipal(request: FastifyRequest, principal: Principal): void {
  principals.set(request, principal);
}

/** Who asks; undefined on public routes. */
export function askerOf(request: FastifyRequest): Principal | undefined {
  return principals.get(request);
}

/** Who asks, on a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request);
  if (principal === undefined) throw new Failure('authentication_error', 'a key is needed');
  return principal;
}

/** Whether a collection is within the scope of who asks; by its own name, not by an alias. */
export function maySee(request: FastifyRequest, collection: string): boolean {
  return covers(principalOf(request), collection);
}

export function covers({ collections }: Pick<Grants, 'collections'>, collection: string): boolean {
  return matchesAny(collections, collection);
}

/** Nobody gives, or takes into their hands, what they do not have themselves. */
export function checkMayGrant(giver: Grants, given: Grants): void {
  const lacking = [...given.permissions].find((permission) => !giver.permissions.has(permission));
  if (lacking !== undefined) {
    throw new Failure('authorization_error', `it takes ${lacking} to give ${lacking}`, {
      details: { permission: lacking },
    });
  }
  if (!coversPatterns(giver.collections, given.collections) || !coversEvents(giver.events, given.events)) {
    throw new Failure('authorization_error', 'the scope is wider than that of who gives it');
  }
}

function coversEvents(wide: readonly string[], narrow: readonly string[]): boolean {
  return wide.includes('>') || narrow.every((pattern) => wide.includes(pattern));
}
