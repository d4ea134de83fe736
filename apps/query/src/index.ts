export { cacheHealth } from './cache-health.ts';
export type { CacheFigures, CacheOptions, TierFigures } from './cache/search-cache.ts';
export { readQuerySettings, type QuerySettings } from './config.ts';
export { Query, type QueryOptions } from './query.ts';
