import { readFileSync } from 'node:fs';
import { Failure } from '@vectorizer/errors';
import type { SettingValues } from '@vectorizer/settings';
import { tlsConfigOf } from './tls-config.ts';

/** Where Redis is, and as whom it is reached. */
export type RedisConfig = {
  /** `redis://` or `rediss://`, with user and password where it asks for them: not for a log. */
  readonly url: string;
  /** PEM. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
};

/** Undefined where there is none. Throws when a certificate cannot be read. */
export function redisConfigOf(settings: SettingValues): RedisConfig | undefined {
  const { redis_url: url, redis_password: password } = settings;
  if (url === undefined) return undefined;
  const { identity } = tlsConfigOf(settings, 'inner');
  const { caFile, certFile, keyFile } = identity ?? {};
  const encrypted =
    url.startsWith('rediss:') && caFile !== undefined && certFile !== undefined && keyFile !== undefined;
  return {
    url: password === undefined ? url : withPassword(url, password),
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
