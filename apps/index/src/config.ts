import { z } from 'zod';
import { gpuModes, type GpuMode } from '@vectorizer/engine';
import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';

const Index = z.object({
  VECTORIZER_DATA: z.string().min(1),
  VECTORIZER_GPU: z.enum(gpuModes).default('auto'),
});

export type IndexConfig = ServiceConfig & {
  /** Where the replicas' files are. */
  readonly directory: string;
  /** Which devices gpu collections may use. */
  readonly gpu: GpuMode;
};

/** Also for a process that holds more than an index node, and has a default port of its own. */
export function readIndexConfig(environment: Environment, defaults = { port: 15_013 }): IndexConfig {
  const { VECTORIZER_DATA: directory, VECTORIZER_GPU: gpu } = readEnvironment(Index, environment);
  return { ...readServiceConfig(environment, defaults), directory, gpu };
}
