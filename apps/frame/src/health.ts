import { Controller, Get, Inject, Res, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { WatchedCheck } from './watched-check.ts';

/** One named thing that can be well or not. Throwing means it is not; what it returns is shown. */
export type HealthCheck = {
  readonly name: string;
  /** Without it this process cannot do its job now, and must get no traffic. Otherwise its failing only degrades the whole. */
  readonly needed: boolean;
  readonly check: () => Promise<Record<string, unknown>> | Record<string, unknown>;
};

export const HealthChecks = Symbol('HealthChecks');
export type HealthSettings = { readonly service: string; readonly checks: readonly HealthCheck[] };

/**
 * `live`: the loop turns. `ready`: this process can do its job. The whole: every check, 503 when one fails. All answer
 * within milliseconds, also while a check takes long: what it found last is told then.
 */
@Controller('health')
export class HealthController {
  readonly #service: string;
  readonly #checks: readonly WatchedCheck[];
  readonly #health: HealthCheckService;
  readonly #indicators: HealthIndicatorService;

  constructor(
    @Inject(HealthChecks) settings: HealthSettings,
    @Inject(HealthCheckService) health: HealthCheckService,
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
  ) {
    this.#service = settings.service;
    this.#checks = settings.checks.map((check) => new WatchedCheck(check));
    this.#health = health;
    this.#indicators = indicators;
  }

  @Get()
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return this.#report(this.#checks, reply);
  }

  @Get('live')
  live(): object {
    return { status: 'healthy', service: this.#service, uptime_s: Math.floor(process.uptime()) };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return this.#report(
      this.#checks.filter((check) => check.needed),
      reply,
    );
  }

  async #report(checks: readonly WatchedCheck[], reply: FastifyReply): Promise<object> {
    const result = await this.#run(checks);
    const failed = Object.keys(result.error ?? {});
    if (result.status !== 'ok') reply.code(503);
    return {
      status: result.status === 'ok' ? 'healthy' : 'degraded',
      service: this.#service,
      checks: Object.entries(result.details).map(([name, detail]) => ({ name, ...detail })),
      failed_checks: failed,
      ...(result.status === 'shutting_down' ? { shutting_down: true } : {}),
    };
  }

  async #run(checks: readonly WatchedCheck[]): Promise<HealthCheckResult> {
    try {
      return await this.#health.check(
        checks.map((check) => async () => this.#indicators.check(check.name).attempt(async () => check.look())),
      );
    } catch (thrown) {
      // Terminus reports a failing check by an exception that carries the report; any other is a bug.
      if (thrown instanceof ServiceUnavailableException) return thrown.getResponse() as HealthCheckResult;
      throw thrown;
    }
  }
}
