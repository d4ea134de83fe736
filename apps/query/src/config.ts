import { redisConfigOf, serviceConfigOf, type ServiceConfig } from '@vectorizer/frame';
import type { SettingValues } from '@vectorizer/settings';
import type { CacheOptions } from './cache/search-cache.ts';

export type QuerySettings = {
  readonly disconnectedAfterMs: number;
  readonly slowMs: number;
  readonly cache: CacheOptions;
};
export type QueryConfig = ServiceConfig & { readonly query: QuerySettings };

export function configOf(settings: SettingValues): QueryConfig {
  return { ...serviceConfigOf(settings), query: querySettingsOf(settings) };
}

/** Also for a process that holds more than a query service. */
export function querySettingsOf(settings: SettingValues): QuerySettings {
  return {
    disconnectedAfterMs: settings.disconnected_after_ms,
    slowMs: settings.slow_query_ms,
    cache: {
      bytesMax: settings.cache_bytes,
      entryBytesMax: settings.cache_entry_bytes,
      ttlMs: settings.cache_ttl_s * 1_000,
      redisMsMax: settings.cache_redis_ms,
      warmUp: settings.cache_warm_up,
      redis: redisConfigOf(settings),
    },
  };
}
