export { readQuerySettings, type QuerySettings } from './config.ts';
export { Query, type QueryOptions } from './query.ts';
