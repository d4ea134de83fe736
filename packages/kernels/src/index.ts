export type { Wanted } from './code-segment.ts';
export { CodeRows } from './code-rows.ts';
export type { CodeQuery, CodeType } from './code-shape.ts';
export { RowBuffer, type RowMetric } from './row-buffer.ts';
export { BestRows, type KeptRows } from './best-rows.ts';
export { CodeTable } from './code-table.ts';
