import { join } from 'node:path';

/**
 * Who has a certificate: the services, the servers that they stand on, `operator` for people and for Prometheus,
 * `producer` for whoever publishes events, and `revoker` for gateways to end the connections of producers.
 */
export const IDENTITIES = [
  'gateway',
  'ingest',
  'query',
  'index',
  'monitor',
  'standalone',
  'nats',
  'redis',
  'operator',
  'producer',
  'revoker',
] as const;
export type Identity = (typeof IDENTITIES)[number];

/** Who has a password for Redis. */
export const REDIS_USERS = ['query', 'gateway', 'standalone'] as const;
export type RedisUser = (typeof REDIS_USERS)[number];

/** Of a directory of certificates. */
export const files = {
  authority: (directory: string): string => join(directory, 'ca.crt'),
  authorityKey: (directory: string): string => join(directory, 'ca.key'),
  certificate: (directory: string, name: Identity): string => join(directory, `${name}.crt`),
  key: (directory: string, name: Identity): string => join(directory, `${name}.key`),
  /** By whose signature log servers let producers in, and what they know it by. */
  calloutSeed: (directory: string): string => join(directory, 'callout.seed'),
  calloutIssuer: (directory: string): string => join(directory, 'callout.issuer'),
  redisPassword: (directory: string, name: RedisUser): string => join(directory, `redis-${name}.secret`),
  redisUsers: (directory: string): string => join(directory, 'redis.acl'),
} as const;
