import {
  readDisconnectedAfterMs,
  readEnvironment,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
} from '@vectorizer/frame';
import { z } from 'zod';
import { intervalsOf, type MonitorIntervals } from './intervals.ts';

const PORT = 15_014;

const Own = z.object({
  /** Disconnected for longer than this, it is placed on another node. */
  VECTORIZER_REPLACE_AFTER_MS: z.coerce.number().int().min(0).max(86_400_000).default(60_000),
  /** How often it asks where the logs stand, one request a shard, and compares what it knows. */
  VECTORIZER_LOOK_INTERVAL_MS: z.coerce.number().int().min(100).max(600_000).default(1_000),
});

export type MonitorSettings = {
  readonly disconnectedAfterMs: number;
  readonly replaceAfterMs: number;
  readonly intervals: MonitorIntervals;
};
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
    intervals: intervalsOf(own.VECTORIZER_LOOK_INTERVAL_MS),
  };
}
