export { Access, type AccessOptions } from './access/access.ts';
export { FailedAttempts } from './access/failed-attempts.ts';
export { type Admit, type Guard, type Route } from './access/guard.ts';
export { isLoopback } from './access/loopback.ts';
export {
  askerOf,
  checkMayGrant,
  covers,
  maySee,
  principalOf,
  type Grants,
  type Principal,
} from './access/principal.ts';
export { notServedByQdrant, type NotServedByQdrant } from './access/qdrant-rules.ts';
export { routes, ruleOf } from './access/route-rules.ts';
export { type RouteRule } from './access/rule.ts';
export { secureStart } from './access/secure-start.ts';
export { type TokenSettings } from './access/token-verifier.ts';
export { AuditTrail } from './audit-trail.ts';
export { withoutHurry } from './client-fault.ts';
export { checkVector } from './check-vector.ts';
export { answerOf, toFailure, type FailureAnswer, type FailureShape } from './failure-answer.ts';
export { openFoundation, type Foundation } from './foundation.ts';
export { type HealthCheck } from './health.ts';
export { HeardHealth } from './health-news.ts';
export { followLogLevel } from './log-level.ts';
export { invalidField, parse } from './parse.ts';
export { redisConfigOf, type RedisConfig } from './redis-config.ts';
export { diskHealth, memoryHealth } from './process-health.ts';
export { replicationHealth } from './replication-health.ts';
export { type Answered, type RequestObserver } from './request-hooks.ts';
export { runBusService, type AppOptions, type BusService, type Served } from './run-bus-service.ts';
export { runService, type RunningService } from './run-service.ts';
export { createServiceApp, type ServiceApp, type ServiceAppOptions } from './service-app.ts';
export { serviceConfigOf, type ServiceConfig } from './service-config.ts';
export { createHealthApp, ServiceModule, type ServiceOptions } from './service-module.ts';
export { type HttpsFiles } from './tls-config.ts';
export { addressOf } from './trusted-proxies.ts';
export { stopSignal } from './stop-signal.ts';
export { tellOfProcess } from './tell-of-process.ts';
