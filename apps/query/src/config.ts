import {
  readDisconnectedAfterMs,
  readEnvironment,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';
import { SLOW_MS } from './query.ts';

const PORT = 15_012;

const Own = z.object({
  /** 0 remembers every read. */
  VECTORIZER_SLOW_QUERY_MS: z.coerce.number().min(0).max(3_600_000).default(SLOW_MS),
});

export type QuerySettings = { readonly disconnectedAfterMs: number; readonly slowMs: number };
export type QueryConfig = ServiceConfig & { readonly query: QuerySettings };

export function readConfig(environment: Environment): QueryConfig {
  return { ...readServiceConfig(environment, { port: PORT }), query: readQuerySettings(environment) };
}

/** Also for a process that holds more than a query service. */
export function readQuerySettings(environment: Environment): QuerySettings {
  const { VECTORIZER_SLOW_QUERY_MS: slowMs } = readEnvironment(Own, environment);
  return { disconnectedAfterMs: readDisconnectedAfterMs(environment), slowMs };
}
