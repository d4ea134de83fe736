import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@vectorizer/errors';
import type { Demand } from './demand.ts';
import { size } from './describe.ts';
import { measureSample, type Measured } from './measure.ts';
import { planOf } from './plan.ts';

type Beside = { readonly plan: number; readonly measured: number };

/** A plan and what was found, in bytes; and what each process took, in bytes and in microseconds of a core. */
export type Comparison = {
  /** Of the index node: memory of its own, and of Node's files. */
  readonly memory: Beside;
  readonly store: Beside;
  readonly indexFiles: Beside;
  readonly logBytes: number;
  readonly processes: readonly {
    readonly name: string;
    readonly residentBytes: number;
    readonly writeUs: number;
    readonly searchUs: number;
  }[];
};

/** More would take hours, and more memory than a plan is for. */
const POINTS_MAX = 1_000_000;
const NODE = 'index-1';

/** Starts a cluster of one index node on an empty directory, fills it with made-up points, and tells what it took beside the plan. */
export async function comparePlan(demand: Demand): Promise<Comparison> {
  const { points, kind } = demand;
  if (points > POINTS_MAX) throw new Failure('validation_error', `--measure takes at most ${POINTS_MAX} points`);
  if (kind === 'gpu') throw new Failure('validation_error', '--measure takes cpu and quantized collections');
  const data = await mkdtemp(join(tmpdir(), 'vectorizer-plan-'));
  try {
    return comparisonOf(demand, await measureSample({ ...demand, kind }, data));
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

function comparisonOf(given: Demand, measured: Measured): Comparison {
  const { node, replica } = planOf({ ...given, replicas: 1, shards: 1, nodes: 1 });
  const { empty, searched, searchUs, writeUs, storeBytes, indexBytes, logBytes } = measured;
  // Pages of the points' files are the system's to take back; those of an empty node are Node's.
  const own = (searched.get(NODE)?.anonymousBytes ?? NaN) + (empty.get(NODE)?.fileBytes ?? NaN);
  return {
    memory: { plan: node.memory.total, measured: own },
    store: { plan: replica.storeBytes, measured: storeBytes },
    indexFiles: { plan: replica.indexFileBytes, measured: indexBytes },
    logBytes,
    processes: [...searched].map(([name, { anonymousBytes, fileBytes }]) => ({
      name,
      residentBytes: anonymousBytes + fileBytes,
      writeUs: Math.round(writeUs.get(name) ?? NaN),
      searchUs: Math.round(searchUs.get(name) ?? NaN),
    })),
  };
}

export function describeComparison({ memory, store, indexFiles, logBytes, processes }: Comparison): string {
  return [
    'index node       plan     measured plan / measured',
    rowOf('memory', memory),
    rowOf('store', store),
    rowOf('index files', indexFiles),
    '',
    'process          resident a write    a search',
    ...processes.map(({ name, residentBytes, writeUs, searchUs }) =>
      [name.padEnd(16), size(residentBytes).padEnd(8), `${writeUs} µs`.padEnd(10), `${searchUs} µs`].join(' '),
    ),
    `the log          ${size(logBytes)}`,
  ].join('\n');
}

function rowOf(what: string, { plan, measured }: Beside): string {
  return `${what.padEnd(16)} ${size(plan).padEnd(8)} ${size(measured).padEnd(8)} ${(plan / measured).toFixed(2)}`;
}
