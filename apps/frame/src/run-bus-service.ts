import type { SettingValues } from '@vectorizer/settings';
import { openFoundation, type Foundation } from './foundation.ts';
import type { HealthCheck } from './health.ts';
import { announceHealth } from './health-news.ts';
import { followLogLevel } from './log-level.ts';
import { runService, type RunningService } from './run-service.ts';
import type { ServiceApp } from './service-app.ts';
import type { ServiceConfig } from './service-config.ts';
import { createHealthApp, type ServiceOptions } from './service-module.ts';
import { placeOf, tellOfProcess } from './tell-of-process.ts';

export type AppOptions = ServiceOptions & ServiceConfig['http'] & Pick<Foundation, 'access'>;

/** A service that answers on the bus, and what its process needs to know of it. */
export type Served = {
  /** Of its health, beside the foundation's; one of the same name takes its place. */
  readonly checks?: readonly HealthCheck[];
  /** It sums up what the others say of their health, and so does not say it again. */
  readonly sumsUpHealth?: boolean;
  /** Its HTTP side, when that is more than health and metrics. */
  readonly createApp?: (options: AppOptions) => Promise<ServiceApp>;
  /** What its first line in the log says of it. */
  readonly about?: Readonly<Record<string, unknown>>;
  /** Rejects when it cannot go on. */
  readonly failed?: Promise<never>;
  close?(): Promise<void>;
};

export type BusService<Config extends ServiceConfig> = {
  /** Read within the life of the process, so that bad ones are one line. */
  readonly readSettings: () => SettingValues;
  readonly configOf: (settings: SettingValues) => Config;
  readonly serve: (foundation: Foundation, config: Config) => Served | Promise<Served>;
};

/** The life of one of the five services in a process of its own. */
export async function runBusService<Config extends ServiceConfig>(
  name: string,
  { readSettings, configOf, serve }: BusService<Config>,
): Promise<void> {
  await runService(name, async (): Promise<RunningService> => {
    const config = configOf(readSettings());
    const foundation = await openFoundation(name, config);
    const { logger } = foundation;
    followLogLevel({ ...foundation, level: config.logLevel });
    const { createApp = createHealthApp, about, ...served } = await serve(foundation, config);
    const named = [...foundation.checks, ...(served.checks ?? [])].map((check) => [check.name, check] as const);
    const checks = [...new Map(named).values()];
    const app = await createApp({ ...foundation, ...config.http, checks });
    const { url, port } = await app.listen();
    const speaker = { service: name, address: placeOf(port), checks };
    const news = served.sumsUpHealth === true ? undefined : announceHealth(foundation.bus, speaker);
    const activity = tellOfProcess(foundation, port);
    logger.info({ url, ...about }, 'listening');
    return {
      logger,
      failed: Promise.race([foundation.failed, ...(served.failed === undefined ? [] : [served.failed])]),
      async close() {
        activity.close();
        news?.stop();
        await app.close();
        await served.close?.();
        await foundation.close();
      },
    };
  });
}
