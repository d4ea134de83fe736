import { z } from 'zod';
import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';

const Index = z.object({ VECTORIZER_DATA: z.string().min(1) });

export type IndexConfig = ServiceConfig & {
  /** Where the replicas' files are. */
  readonly directory: string;
};

export function readIndexConfig(environment: Environment): IndexConfig {
  const { VECTORIZER_DATA: directory } = readEnvironment(Index, environment);
  return { ...readServiceConfig(environment, { port: 15_013 }), directory };
}
