import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';
import { z } from 'zod';

const PORT = 15_014;

const Own = z.object({
  /** Silent for longer than this, a replica is disconnected. */
  VECTORIZER_DISCONNECTED_AFTER_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(10_000),
});

export type MonitorConfig = ServiceConfig & { readonly disconnectedAfterMs: number };

export function readConfig(environment: Environment): MonitorConfig {
  const own = readEnvironment(Own, environment);
  return {
    ...readServiceConfig(environment, { port: PORT }),
    disconnectedAfterMs: own.VECTORIZER_DISCONNECTED_AFTER_MS,
  };
}
