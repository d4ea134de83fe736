import { join } from 'node:path';

/** Who signs: `ca` for everybody but log servers that join each other, and `routes-ca` for these alone. */
export const AUTHORITIES = ['ca', 'routes-ca'] as const;
export type AuthorityName = (typeof AUTHORITIES)[number];

/**
 * Who has a certificate: the services, the servers that they stand on, `routes` for log servers to join each other,
 * `operator` for people and for Prometheus, `producer` for whoever publishes events, and `revoker` for gateways to end
 * the connections of producers.
 */
export const IDENTITIES = [
  'gateway',
  'ingest',
  'query',
  'index',
  'monitor',
  'standalone',
  'nats',
  'routes',
  'redis',
  'operator',
  'producer',
  'revoker',
] as const;
export type Identity = (typeof IDENTITIES)[number];

/** They are reached by nobody, and so have no hosts. */
export const CLIENTS: readonly Identity[] = ['operator', 'producer', 'revoker'];

/** A log server believes everything of whoever joins it, so what lets one join is no service's. */
export function authorityOf(name: Identity): AuthorityName {
  return name === 'routes' ? 'routes-ca' : 'ca';
}

/** Who has a password for Redis. */
export const REDIS_USERS = ['query', 'gateway', 'standalone'] as const;
export type RedisUser = (typeof REDIS_USERS)[number];

/** Of a directory of certificates. */
export const files = {
  authority: (directory: string, name: AuthorityName = 'ca'): string => join(directory, `${name}.crt`),
  authorityKey: (directory: string, name: AuthorityName = 'ca'): string => join(directory, `${name}.key`),
  certificate: (directory: string, name: Identity): string => join(directory, `${name}.crt`),
  key: (directory: string, name: Identity): string => join(directory, `${name}.key`),
  /** By whose signature log servers let producers in, and what they know it by. */
  calloutSeed: (directory: string): string => join(directory, 'callout.seed'),
  calloutIssuer: (directory: string): string => join(directory, 'callout.issuer'),
  redisPassword: (directory: string, name: RedisUser): string => join(directory, `redis-${name}.secret`),
  redisUsers: (directory: string): string => join(directory, 'redis.acl'),
} as const;
