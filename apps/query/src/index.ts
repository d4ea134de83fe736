export { Query, type QueryOptions } from './query.ts';
