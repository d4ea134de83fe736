import { z } from 'zod';
import { gpuModes, type GpuMode } from '@vectorizer/engine';
import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';
import type { SharingSettings } from './shared-snapshots.ts';

const Index = z.object({
  VECTORIZER_DATA: z.string().min(1),
  VECTORIZER_GPU: z.enum(gpuModes).default('auto'),
  VECTORIZER_VERIFY_INTERVAL_MS: z.coerce.number().int().min(100).max(86_400_000).default(20_000),
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
};

/** Also for a process that holds more than an index node, and has a default port of its own. */
export function readIndexConfig(environment: Environment, defaults = { port: 15_013 }): IndexConfig {
  const own = readEnvironment(Index, environment);
  return {
    ...readServiceConfig(environment, defaults),
    directory: own.VECTORIZER_DATA,
    gpu: own.VECTORIZER_GPU,
    verifyIntervalMs: own.VECTORIZER_VERIFY_INTERVAL_MS,
    sharing: { logBytesMax: own.VECTORIZER_LOG_BYTES_MAX, logRetentionMs: own.VECTORIZER_LOG_RETENTION_MS },
  };
}
