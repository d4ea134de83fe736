import {
  readDisconnectedAfterMs,
  readEnvironment,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';

const PORT = 15_014;

const Own = z.object({
  /** Disconnected for longer than this, it is placed on another node. */
  VECTORIZER_REPLACE_AFTER_MS: z.coerce.number().int().min(0).max(86_400_000).default(60_000),
});

export type MonitorSettings = { readonly disconnectedAfterMs: number; readonly replaceAfterMs: number };
export type MonitorConfig = ServiceConfig & { readonly monitor: MonitorSettings };

export function readConfig(environment: Environment): MonitorConfig {
  return { ...readServiceConfig(environment, { port: PORT }), monitor: readMonitorSettings(environment) };
}

/** Also for a process that holds more than a monitor. */
export function readMonitorSettings(environment: Environment): MonitorSettings {
  const own = readEnvironment(Own, environment);
  return {
    disconnectedAfterMs: readDisconnectedAfterMs(environment),
    replaceAfterMs: own.VECTORIZER_REPLACE_AFTER_MS,
  };
}
