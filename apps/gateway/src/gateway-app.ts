import { limits } from '@vectorizer/contracts';
import { AuditTrail, createServiceApp, secureStart, type ServiceApp, type ServiceConfig } from '@vectorizer/frame';
import { auditRequests, type AuditSettings } from './audit/audit-requests.ts';
import { AuditRecovery } from './audit/audit-recovery.ts';
import { boundBodies } from './body-budget.ts';
import { installBodyParsers } from './body-parsers.ts';
import { serveDashboard } from './dashboard/dashboard-files.ts';
import { GatewayModule, type GatewayParts } from './gateway-module.ts';
import { limitRequests } from './limits/limit-requests.ts';
import { RateLimiter } from './limits/rate-limiter.ts';
import { SharedBuckets } from './limits/shared-buckets.ts';
import { LIMITS } from './limits/tiers.ts';
import { serveExplorer } from './openapi/explorer.ts';
import { serveOpenApi } from './openapi/serve-openapi.ts';
import { ProducerDoor } from './producers/producer-door.ts';
import { qdrantAtRoot, qdrantFailureShape } from './qdrant/answers.ts';
import { serveQdrantRoot } from './qdrant/system-controller.ts';
import { RequestMetrics } from './request-metrics.ts';

export type GatewayAppOptions = GatewayParts &
  ServiceConfig['http'] & {
    /** Where the first key is written, when there is none. */
    readonly bootstrapKeyFile?: string | undefined;
    readonly auditing?: AuditSettings;
    /** What bodies that are worked on come to at most, where that does not follow from the memory. */
    readonly bodiesBytesMax?: number;
  };
const AUDIT: AuditSettings = { changes: true };

/** The public door, ready to listen; the same for its own process, for standalone and for tests. */
export async function createGatewayApp(options: GatewayAppOptions): Promise<ServiceApp> {
  const metrics = new RequestMetrics(options.catalog);
  await secureStart(options);
  const limiter = openLimiter(options);
  const limited = limitRequests(limiter);
  const trail = new AuditTrail(options.audit, options.logger);
  const recovery = options.auditing?.changes === false ? undefined : new AuditRecovery(options);
  const { callout } = options;
  if (callout !== undefined) void new ProducerDoor({ ...options, callout, trail });
  return createServiceApp({
    module: GatewayModule.with(options, metrics),
    host: options.host,
    port: options.port,
    ...(options.https === undefined ? {} : { https: options.https }),
    ...(options.corsOrigins === undefined ? {} : { corsOrigins: options.corsOrigins }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    logger: options.logger,
    guard: options.access.guard,
    admit: limited.known,
    bodyBytesMax: limits.bodyBytesMax,
    prepare: (fastify) => {
      fastify.addHook('preHandler', limited.read);
      fastify.addHook('onResponse', limited.answered);
      auditRequests(fastify, trail, options.auditing ?? AUDIT);
      fastify.addHook('onClose', async () => {
        await recovery?.close();
        limiter.close();
      });
      boundBodies(fastify, options.bodiesBytesMax);
      installBodyParsers(fastify);
      serveDashboard(fastify);
      serveOpenApi(fastify);
      serveExplorer(fastify);
      serveQdrantRoot(fastify);
    },
    failureShape: qdrantFailureShape,
    rewriteUrl: qdrantAtRoot,
    observe: (answered) => metrics.observe(answered),
  });
}

function openLimiter({ limits: { redis, tiers } = LIMITS, logger }: GatewayAppOptions): RateLimiter {
  const shared = redis === undefined ? undefined : new SharedBuckets(redis, logger);
  return new RateLimiter({ tiers, shared, logger });
}
