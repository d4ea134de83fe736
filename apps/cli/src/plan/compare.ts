import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@vectorizer/errors';
import type { Demand } from './demand.ts';
import { size } from './describe.ts';
import { measureSample, type Measured } from './measure.ts';
import { planOf } from './plan.ts';

/** More would take hours, and more memory than a plan is for. */
const POINTS_MAX = 1_000_000;

/** Starts a cluster of one index node on an empty directory, fills it with made-up points, and tells what it took beside the plan. */
export async function comparePlan(demand: Demand): Promise<string> {
  const { points, kind } = demand;
  if (points > POINTS_MAX) throw new Failure('validation_error', `--measure takes at most ${POINTS_MAX} points`);
  if (kind === 'gpu') throw new Failure('validation_error', '--measure takes cpu and quantized collections');
  const data = await mkdtemp(join(tmpdir(), 'vectorizer-plan-'));
  try {
    return describe(demand, await measureSample({ ...demand, kind }, data));
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

function describe(given: Demand, measured: Measured): string {
  const { node, replica } = planOf({ ...given, replicas: 1, shards: 1, nodes: 1 });
  const { empty, loaded, searched, searchUs, writeUs } = measured;
  const taken = searched.get('index-1')?.anonymousBytes ?? NaN;
  const process = empty.get('index-1')?.fileBytes ?? NaN;
  const each = [...loaded].map(([name, { anonymousBytes, fileBytes }]) =>
    [
      name.padEnd(16),
      size(anonymousBytes + fileBytes).padEnd(8),
      `${writeUs.get(name)?.toFixed(0)} µs`.padEnd(10),
      `${searchUs.get(name)?.toFixed(0)} µs`,
    ].join(' '),
  );
  return [
    'index node       plan     measured plan / measured',
    beside('memory', node.memory.total, taken + process),
    beside('store', replica.storeBytes, measured.storeBytes),
    beside('index files', replica.indexFileBytes, measured.indexBytes),
    '',
    'process          resident a write    a search',
    ...each,
    `the log          ${size(measured.logBytes)}`,
  ].join('\n');
}

function beside(what: string, planned: number, found: number): string {
  return `${what.padEnd(16)} ${size(planned).padEnd(8)} ${size(found).padEnd(8)} ${(planned / found).toFixed(2)}`;
}
