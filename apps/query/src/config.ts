import { readServiceConfig, type Environment, type ServiceConfig } from '@vectorizer/frame';

const PORT = 15_012;

export function readConfig(environment: Environment): ServiceConfig {
  return readServiceConfig(environment, { port: PORT });
}
