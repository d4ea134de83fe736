import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { defaultMetrics, type Logger } from '@vectorizer/telemetry';
import type { Guard } from './access/guard.ts';
import type { FailureShape } from './failure-answer.ts';
import { FailureFilter } from './failure-filter.ts';
import { HealthChecks, HealthController, type HealthCheck, type HealthSettings } from './health.ts';
import { memoryMetrics } from './process-health.ts';
import { createServiceApp, type ServiceApp } from './service-app.ts';
import type { ServiceConfig } from './service-config.ts';

export type ServiceOptions = {
  readonly service: string;
  readonly logger: Logger;
  readonly checks: readonly HealthCheck[];
  readonly failureShape?: FailureShape;
};

/** What every service has: `/health`, `/health/live`, `/health/ready`, `/metrics`, and one shape of errors. */
@Module({})
export class ServiceModule {
  static async with(options: ServiceOptions): Promise<DynamicModule> {
    // Loaded here, not imported above: it is CommonJS that requires the ES modules of Nest, which are done loading by now.
    const { PrometheusModule } = await import('@willsoto/nestjs-prometheus');
    defaultMetrics();
    memoryMetrics();
    return {
      module: ServiceModule,
      imports: [
        PrometheusModule.register({ defaultMetrics: { enabled: false } }),
        TerminusModule.forRoot({ logger: false, errorLogStyle: 'json' }),
      ],
      controllers: [HealthController],
      providers: [
        {
          provide: HealthChecks,
          useValue: { service: options.service, checks: options.checks } satisfies HealthSettings,
        },
        { provide: APP_FILTER, useValue: new FailureFilter(options.logger, options.failureShape) },
      ],
    };
  }
}

/** The HTTP side of a service that has no public routes: health and metrics. */
export async function createHealthApp(
  options: ServiceOptions & ServiceConfig['http'] & { readonly access: { readonly guard: Guard } },
): Promise<ServiceApp> {
  const { host, port, https, logger, access } = options;
  const module = await ServiceModule.with(options);
  return createServiceApp({ module, host, port, logger, guard: access.guard, ...(https && { https }) });
}
