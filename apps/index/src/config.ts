import { z } from 'zod';
import { gpuModes, type GpuMode } from '@vectorizer/engine';
import {
  readDisconnectedAfterMs,
  readEnvironment,
  readServiceConfig,
  type Environment,
  type ServiceConfig,
  type ServiceDefaults,
} from '@vectorizer/frame';
import { HEARTBEAT_MS } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { SharingSettings } from './shared-snapshots.ts';

const Index = z.object({
  VECTORIZER_DATA: z.string().min(1),
  VECTORIZER_GPU: z.enum(gpuModes).default('auto'),
  VECTORIZER_VERIFY_INTERVAL_MS: z.coerce.number().int().min(100).max(86_400_000).default(20_000),
  VECTORIZER_HEARTBEAT_MS: z.coerce.number().int().min(100).max(600_000).default(HEARTBEAT_MS),
  VECTORIZER_DISK_FREE_BYTES_MIN: z.coerce
    .number()
    .int()
    .min(0)
    .default(256 * 1024 * 1024),
  VECTORIZER_LOG_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1_024)
    .default(512 * 1024 * 1024),
  VECTORIZER_LOG_RETENTION_MS: z.coerce.number().int().min(0).default(3_600_000),
});

export type IndexConfig = ServiceConfig & {
  /** Where the replicas' files are. */
  readonly directory: string;
  /** Which devices gpu collections may use. */
  readonly gpu: GpuMode;
  readonly sharing: SharingSettings;
  /** Between two readings of all that a replica has stored. */
  readonly verifyIntervalMs: number;
  /** How often the node says how its replicas are. */
  readonly heartbeatMs: number;
  /** With less room than this where the replicas' files are, the node's health says so. */
  readonly diskFreeBytesMin: number;
};

/** Also for a process that holds more than an index node, and has a default port of its own. */
export function readIndexConfig(environment: Environment, defaults: ServiceDefaults = { port: 15_013 }): IndexConfig {
  const own = readEnvironment(Index, environment);
  const heartbeatMs = own.VECTORIZER_HEARTBEAT_MS;
  const disconnectedAfterMs = readDisconnectedAfterMs(environment);
  // One that is late, or lost, must not make a replica disconnected.
  if (disconnectedAfterMs < 2 * heartbeatMs) {
    throw new Failure(
      'validation_error',
      `invalid environment: VECTORIZER_DISCONNECTED_AFTER_MS (${disconnectedAfterMs}) must be at least twice VECTORIZER_HEARTBEAT_MS (${heartbeatMs})`,
    );
  }
  return {
    heartbeatMs,
    ...readServiceConfig(environment, defaults),
    directory: own.VECTORIZER_DATA,
    gpu: own.VECTORIZER_GPU,
    verifyIntervalMs: own.VECTORIZER_VERIFY_INTERVAL_MS,
    diskFreeBytesMin: own.VECTORIZER_DISK_FREE_BYTES_MIN,
    sharing: { logBytesMax: own.VECTORIZER_LOG_BYTES_MAX, logRetentionMs: own.VECTORIZER_LOG_RETENTION_MS },
  };
}
