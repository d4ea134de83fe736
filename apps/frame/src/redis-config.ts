import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { readEnvironment, type Environment } from './environment.ts';
import { readTlsConfig } from './tls-config.ts';

/** Where Redis is, and as whom it is reached. */
export type RedisConfig = {
  /** `redis://` or `rediss://`, with user and password where it asks for them: not for a log. */
  readonly url: string;
  /** PEM. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
};

const Redis = z.object({
  VECTORIZER_REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  VECTORIZER_REDIS_PASSWORD_FILE: z.string().min(1).optional(),
});

/** Undefined where there is none. Throws when a file that is named cannot be read. */
export function readRedisConfig(environment: Environment): RedisConfig | undefined {
  const { VECTORIZER_REDIS_URL: url, VECTORIZER_REDIS_PASSWORD_FILE: file } = readEnvironment(Redis, environment);
  if (url === undefined) return undefined;
  const { identity } = readTlsConfig(environment, 'inner');
  const { caFile, certFile, keyFile } = identity ?? {};
  const encrypted =
    url.startsWith('rediss:') && caFile !== undefined && certFile !== undefined && keyFile !== undefined;
  return {
    url: file === undefined ? url : withPassword(url, read(file).trim()),
    ...(encrypted ? { tls: { ca: read(caFile), cert: read(certFile), key: read(keyFile) } } : {}),
  };
}

function withPassword(url: string, password: string): string {
  const whole = new URL(url);
  whole.password = password;
  return whole.href;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure('storage_error', `${file} cannot be read`, { cause });
  }
}
