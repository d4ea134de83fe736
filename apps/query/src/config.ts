import {
  readDisconnectedAfterMs,
  readEnvironment,
  readRedisConfig,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';
import type { CacheOptions } from './cache/search-cache.ts';
import { SLOW_MS } from './query.ts';

const PORT = 15_012;

const Own = z.object({
  /** 0 remembers every read. */
  VECTORIZER_SLOW_QUERY_MS: z.coerce.number().min(0).max(3_600_000).default(SLOW_MS),
  /** Of answers kept in this process's memory; 0 keeps none, there or in Redis. */
  VECTORIZER_CACHE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 36)
    .default(64 * 2 ** 20),
  VECTORIZER_CACHE_ENTRY_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(2 ** 28)
    .default(2 ** 20),
  VECTORIZER_CACHE_TTL_S: z.coerce.number().int().min(1).max(86_400).default(300),
  VECTORIZER_CACHE_REDIS_MS: z.coerce.number().int().min(1).max(1_000).default(5),
  VECTORIZER_CACHE_WARM_UP: z.coerce.number().int().min(0).max(1_000).default(0),
});

export type QuerySettings = {
  readonly disconnectedAfterMs: number;
  readonly slowMs: number;
  readonly cache: CacheOptions;
};
export type QueryConfig = ServiceConfig & { readonly query: QuerySettings };

export function readConfig(environment: Environment): QueryConfig {
  return { ...readServiceConfig(environment, { port: PORT }), query: readQuerySettings(environment) };
}

/** Also for a process that holds more than a query service. */
export function readQuerySettings(environment: Environment): QuerySettings {
  const own = readEnvironment(Own, environment);
  return {
    disconnectedAfterMs: readDisconnectedAfterMs(environment),
    slowMs: own.VECTORIZER_SLOW_QUERY_MS,
    cache: {
      bytesMax: own.VECTORIZER_CACHE_BYTES,
      entryBytesMax: own.VECTORIZER_CACHE_ENTRY_BYTES,
      ttlMs: own.VECTORIZER_CACHE_TTL_S * 1_000,
      redisMsMax: own.VECTORIZER_CACHE_REDIS_MS,
      warmUp: own.VECTORIZER_CACHE_WARM_UP,
      redis: readRedisConfig(environment),
    },
  };
}
