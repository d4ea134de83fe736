import { limits, type CollectionDefaults } from '@vectorizer/contracts';
import {
  readEnvironment,
  readRedisConfig,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';
import type { AuditSettings } from './audit/audit-requests.ts';
import { TIERS, Tiers, type LimitSettings } from './limits/tiers.ts';

const PORT = 15_002;

const Edge = z.object({
  VECTORIZER_DEFAULT_SHARDS: z.coerce.number().int().min(1).max(limits.shardsMax).default(1),
  VECTORIZER_DEFAULT_REPLICAS: z.coerce.number().int().min(1).max(limits.replicationFactorMax).default(1),
  VECTORIZER_AUDIT_CHANGES: z.stringbool().default(true),
  VECTORIZER_RATE_TIERS: z.string().transform(readJson).pipe(Tiers).optional(),
});

export type EdgeSettings = {
  readonly defaults: CollectionDefaults;
  readonly limits: LimitSettings;
  readonly auditing: AuditSettings;
};
export type GatewayConfig = ServiceConfig & { readonly edge: EdgeSettings };

export function readConfig(environment: Environment): GatewayConfig {
  return { ...readServiceConfig(environment, { port: PORT, door: 'public' }), edge: readEdgeSettings(environment) };
}

/** Also for a process that holds more than a gateway. */
export function readEdgeSettings(environment: Environment): EdgeSettings {
  const own = readEnvironment(Edge, environment);
  return {
    defaults: { shards: own.VECTORIZER_DEFAULT_SHARDS, replication_factor: own.VECTORIZER_DEFAULT_REPLICAS },
    limits: { redis: readRedisConfig(environment), tiers: { ...TIERS, ...own.VECTORIZER_RATE_TIERS } },
    auditing: { changes: own.VECTORIZER_AUDIT_CHANGES },
  };
}

function readJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
}
