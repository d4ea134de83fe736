import { limits, type CollectionDefaults } from '@vectorizer/contracts';
import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';
import { z } from 'zod';

const PORT = 15_002;

const Own = z.object({
  VECTORIZER_DEFAULT_SHARDS: z.coerce.number().int().min(1).max(limits.shardsMax).default(1),
  VECTORIZER_DEFAULT_REPLICAS: z.coerce.number().int().min(1).max(limits.replicationFactorMax).default(1),
});

export type GatewayConfig = ServiceConfig & { readonly defaults: CollectionDefaults };

export function readConfig(environment: Environment): GatewayConfig {
  const own = readEnvironment(Own, environment);
  return {
    ...readServiceConfig(environment, { port: PORT }),
    defaults: { shards: own.VECTORIZER_DEFAULT_SHARDS, replication_factor: own.VECTORIZER_DEFAULT_REPLICAS },
  };
}
