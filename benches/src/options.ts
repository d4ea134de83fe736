import { parseArgs } from 'node:util';
import type { Dataset } from './data/dataset.ts';
import { DATASET_OPTIONS, DATASET_USAGE, datasetOf } from './data/options.ts';
import type { Rounds } from './setting.ts';

export type Options = {
  /** Prefixes of the names of the figures to measure; none means all. */
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly rounds: Rounds;
  /** Read or made only when it is needed. */
  readonly dataset: () => Dataset;
  /** An earlier run's file to read instead of measuring. */
  readonly from: string | undefined;
  readonly json: string | undefined;
  readonly compare: string | undefined;
  readonly check: boolean;
  readonly markdown: boolean;
  readonly report: boolean;
};

export const USAGE = `usage: ./vectorizer bench [NAME…] [--quick] [--json FILE] [--compare FILE] [--check] [--markdown]
         [--synthetic ROWSxDIMENSION] [--base FILE --queries FILE --truth FILE --dimension N [--truth-k 100]]
       ./vectorizer bench --from FILE [--compare FILE] [--check] [--markdown]
       ./vectorizer bench --report

Measures the figures whose names begin with one of the names, or all of them.
  --quick          a small set and short rounds; with --check and no names, the figures that have a budget for it
  --json FILE      write machine, data set and results
  --compare FILE   print each figure's ratio to that of an earlier --json
  --check          fail, with the list, when a figure is outside benches/budgets.json
  --markdown       print the tables as docs/BENCHMARKS.md has them
  --from FILE      measure nothing: take the results from an earlier --json
  --report         measure nothing: draw benches/results/report.svg from benches/results/history.jsonl, to which every
                   run is appended that is not quick or has --json
${DATASET_USAGE}`;

/** A quick run takes minutes on two cores, whatever else they do. */
export const QUICK = {
  size: { rows: 5_000, queries: 200, dimension: 128, seed: 1 },
  rounds: { count: 5, milliseconds: 300, repeats: 10, processes: 1 },
} as const;
export const FULL = {
  size: { rows: 20_000, queries: 500, dimension: 256, seed: 1 },
  rounds: { count: 7, milliseconds: 2_000, repeats: 60, processes: 5 },
} as const;

/** `undefined` when the usage was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...DATASET_OPTIONS,
      json: { type: 'string' },
      compare: { type: 'string' },
      from: { type: 'string' },
      check: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { size, rounds } = values.quick ? QUICK : FULL;
  const { quick, json, compare, from, check, markdown, report } = values;
  return {
    names: positionals,
    quick,
    rounds,
    dataset: datasetOf(values, size),
    json,
    compare,
    from,
    check,
    markdown,
    report,
  };
}
