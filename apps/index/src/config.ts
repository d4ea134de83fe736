import { z } from 'zod';
import { readEnvironment, readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';

const Index = z.object({ VECTORIZER_DATA: z.string().min(1) });

export type IndexConfig = ServiceConfig & {
  /** Where the replicas' files are. */
  readonly directory: string;
};

/** Also for a process that holds more than an index node, and has a default port of its own. */
export function readIndexConfig(environment: Environment, defaults = { port: 15_013 }): IndexConfig {
  const { VECTORIZER_DATA: directory } = readEnvironment(Index, environment);
  return { ...readServiceConfig(environment, defaults), directory };
}
