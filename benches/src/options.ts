import { parseArgs } from 'node:util';
import { readDataset, syntheticDataset, type Dataset, type DatasetFiles } from './dataset.ts';
import type { Rounds } from './setting.ts';

export type Options = {
  /** Prefixes of the names of the figures to measure; none means all. */
  readonly names: readonly string[];
  readonly rounds: Rounds;
  readonly json: string | undefined;
  /** Read or made only when it is needed. */
  readonly dataset: () => Dataset;
};

export const USAGE = `usage: ./vectorizer bench [NAME…] [--quick] [--json FILE]
         [--base FILE --queries FILE --truth FILE --dimension N [--truth-k 100]]

Measures the figures whose names begin with one of the names, or all of them.
  --quick          a small set and three short rounds
  --json FILE      write machine, data set and results
  --base FILE      rows: .f16 or .f32, raw little-endian; without files a seeded set is made
  --queries FILE   queries: raw float32 rows
  --truth FILE     each query's exact nearest rows by dot product, --truth-k of them: raw int32
`;

/** `undefined` when the usage was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      queries: { type: 'string' },
      truth: { type: 'string' },
      'truth-k': { type: 'string', default: '100' },
      dimension: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const files = filesOf(values);
  const size = values.quick
    ? { rows: 5_000, queries: 200, dimension: 128, seed: 1 }
    : { rows: 20_000, queries: 500, dimension: 256, seed: 1 };
  return {
    names: positionals,
    rounds: values.quick ? { count: 3, milliseconds: 500 } : { count: 5, milliseconds: 2_000 },
    json: values.json,
    dataset: () => (files === undefined ? syntheticDataset(size) : readDataset(files)),
  };
}

type FileOptions = {
  readonly base?: string | undefined;
  readonly queries?: string | undefined;
  readonly truth?: string | undefined;
  readonly dimension?: string | undefined;
  readonly 'truth-k': string;
};

function filesOf({ base, queries, truth, dimension, 'truth-k': truthK }: FileOptions): DatasetFiles | undefined {
  if ([base, queries, truth, dimension].every((value) => value === undefined)) return undefined;
  if (base === undefined || queries === undefined || truth === undefined || dimension === undefined) {
    throw new Error('--base, --queries, --truth and --dimension go together');
  }
  return { base, queries, truth, dimension: count('--dimension', dimension), truthK: count('--truth-k', truthK) };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option}: expected a positive integer, got "${text}"`);
  return value;
}
