export { cacheHealth } from './cache-health.ts';
export type { CacheFigures, CacheOptions, TierFigures } from './cache/search-cache.ts';
export { querySettingsOf, type QuerySettings } from './config.ts';
export { Query, type QueryOptions } from './query.ts';
