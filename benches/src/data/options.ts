import { readDataset, syntheticDataset, type Dataset, type DatasetFiles } from './dataset.ts';

/** For `parseArgs`. */
export const DATASET_OPTIONS = {
  base: { type: 'string' },
  queries: { type: 'string' },
  truth: { type: 'string' },
  'truth-k': { type: 'string', default: '100' },
  dimension: { type: 'string' },
  synthetic: { type: 'string' },
} as const;

export const DATASET_USAGE = `  --synthetic RxD  the size of the seeded set that is made when no files are given
  --base FILE      rows: .f16 or .f32, raw little-endian
  --queries FILE   queries: raw float32 rows
  --truth FILE     each query's exact nearest rows by dot product, --truth-k of them: raw int32
`;

/** Read or made only when it is needed; bad options are told at once. `size`: of the one that is made when no files are given. */
export function datasetOf(values: Values, size: Parameters<typeof syntheticDataset>[0]): () => Dataset {
  const files = filesOf(values);
  const made = values.synthetic === undefined ? size : { ...size, ...sizeOf(values.synthetic) };
  return () => (files === undefined ? syntheticDataset(made) : readDataset(files));
}

type Values = {
  readonly base?: string | undefined;
  readonly queries?: string | undefined;
  readonly truth?: string | undefined;
  readonly dimension?: string | undefined;
  readonly 'truth-k': string;
  readonly synthetic?: string | undefined;
};

function filesOf({ base, queries, truth, dimension, 'truth-k': truthK }: Values): DatasetFiles | undefined {
  if ([base, queries, truth, dimension].every((value) => value === undefined)) return undefined;
  if (base === undefined || queries === undefined || truth === undefined || dimension === undefined) {
    throw new Error('--base, --queries, --truth and --dimension go together');
  }
  return { base, queries, truth, dimension: count('--dimension', dimension), truthK: count('--truth-k', truthK) };
}

function sizeOf(text: string): { readonly rows: number; readonly dimension: number } {
  const [rows = '', dimension = ''] = text.split('x');
  return { rows: count('--synthetic', rows), dimension: count('--synthetic', dimension) };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option}: expected a positive integer, got "${text}"`);
  return value;
}
