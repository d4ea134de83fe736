import { limits, type CollectionDefaults } from '@vectorizer/contracts';
import {
  readEnvironment,
  readRedisConfig,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';
import { TIERS, Tiers, type LimitSettings } from './limits/tiers.ts';

const PORT = 15_002;

const Own = z.object({
  VECTORIZER_DEFAULT_SHARDS: z.coerce.number().int().min(1).max(limits.shardsMax).default(1),
  VECTORIZER_DEFAULT_REPLICAS: z.coerce.number().int().min(1).max(limits.replicationFactorMax).default(1),
});

const Limits = z.object({
  VECTORIZER_RATE_TIERS: z.string().transform(readJson).pipe(Tiers).optional(),
});

export type GatewayConfig = ServiceConfig & {
  readonly defaults: CollectionDefaults;
  readonly limits: LimitSettings;
};

export function readConfig(environment: Environment): GatewayConfig {
  const own = readEnvironment(Own, environment);
  return {
    ...readServiceConfig(environment, { port: PORT, door: 'public' }),
    limits: readLimitSettings(environment),
    defaults: { shards: own.VECTORIZER_DEFAULT_SHARDS, replication_factor: own.VECTORIZER_DEFAULT_REPLICAS },
  };
}

/** Also for a process that holds more than a gateway. */
export function readLimitSettings(environment: Environment): LimitSettings {
  const own = readEnvironment(Limits, environment);
  return { redis: readRedisConfig(environment), tiers: { ...TIERS, ...own.VECTORIZER_RATE_TIERS } };
}

function readJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
}
