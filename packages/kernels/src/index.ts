export { RowBuffer, type RowMetric } from './row-buffer.ts';
