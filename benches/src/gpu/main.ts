import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Gpu } from '@vectorizer/engine';
import { temporaryDirectory } from '@vectorizer/testing';
import { readDataset, syntheticDataset, type Dataset } from '../data/dataset.ts';
import { describeMachine } from '../outcome/result.ts';
import { Collection } from './collection.ts';
import { compareAnswers } from './correctness.ts';
import { recallOf, scanRows, type Exact } from './exact-rows.ts';
import { askTogether, loadOf, updateStorm } from './load.ts';
import { enlarged, type Points } from './points.ts';

const USAGE = `usage: node benches/dist/gpu/main.js correct|device|graph [--size ROWSxDIMENSION] [--json FILE]
         [--base FILE --queries FILE --dimension N] [--milliseconds N] [--limit-s N] [--software]

  correct   the device's answers beside those of the exact scan on the processor, for every metric and several filters
  device    searches alone and together, upload, memory and updates of a gpu collection, beside the scan on one core
  graph     the same searches in a cpu collection, by ef, with their recall; gives up when the fill takes longer than --limit-s
`;
const TOGETHER = [1, 8, 64, 256] as const;
const EFS = [32, 64, 128, 256, 512] as const;
const TRUTH_QUERIES = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '20000x256' },
    json: { type: 'string' },
    base: { type: 'string' },
    queries: { type: 'string' },
    dimension: { type: 'string', default: '256' },
    milliseconds: { type: 'string', default: '2000' },
    'limit-s': { type: 'string', default: '600' },
    'ef-construction': { type: 'string', default: '200' },
    software: { type: 'boolean', default: false },
  },
});
const milliseconds = Number(values.milliseconds);
const gpu = new Gpu({ mode: values.software ? 'software' : 'auto' });

function pointsWanted(): Points {
  const [rows = 0, dimension = 0] = values.size.split('x').map(Number);
  const { base, queries } = values;
  const own = { rows: Math.min(rows, 50_000), dimension: Number(values.dimension), queries: 500, seed: 1 };
  const dataset: Omit<Dataset, 'truth'> =
    base === undefined || queries === undefined
      ? syntheticDataset(own)
      : readDataset({ base, queries, truth: queries, truthK: 1, dimension: own.dimension });
  return enlarged({ ...dataset, truth: [] }, { rows, dimension });
}

/** What the card holds for all, in MiB, as its driver tells; undefined for one that has no such program. */
async function cardMemoryMib(): Promise<number | undefined> {
  try {
    const asked = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
    return Number((await promisify(execFile)('nvidia-smi', asked)).stdout.trim());
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function onDevice(points: Points, directory: string): Promise<object> {
  await gpu.acquire();
  const before = await cardMemoryMib();
  const collection = await Collection.open({ directory: join(directory, 'gpu'), points, metric: 'dot', gpu });
  const fillS = await collection.load();
  const filled = await cardMemoryMib();
  const reopenS = await collection.reopen();
  const { backend, device, backend_reason: reason } = collection.report;
  if (backend !== 'gpu') throw new Error(reason ?? 'not on the device');
  const exact = scanRows(points, TRUTH_QUERIES);
  const found = await Promise.all(exact.truth.map(async (_, q) => (await collection.search(q)).hits));
  const loads = [];
  for (const together of TOGETHER) loads.push(await askTogether(collection, { together, milliseconds }));
  const vectorsMib = (points.rows.length * points.dimension * 4) / 2 ** 20;
  const memory = { vectorsMib, before, filled, searched: await cardMemoryMib() };
  const storms = [];
  for (const together of [1, 8]) storms.push(await updateStorm(collection, points.rows, { together, milliseconds }));
  await collection.close();
  return { device, fillS, reopenS, memory, recall: recallOf(found, exact), loads, scan: scanLoad(exact), storms };
}

function scanLoad({ latenciesMs }: Exact): object {
  return loadOf(
    latenciesMs,
    latenciesMs.reduce((sum, ms) => sum + ms, 0),
  );
}

async function onGraph(points: Points, directory: string): Promise<object> {
  const exact = scanRows(points, TRUTH_QUERIES);
  const efConstruction = Number(values['ef-construction']);
  const shape = { directory: join(directory, 'cpu'), points, metric: 'dot', efConstruction } as const;
  const collection = await Collection.open(shape);
  const fillS = await collection.load({ limitS: Number(values['limit-s']) });
  if (fillS === undefined) return { efConstruction, filled: collection.report.indexed };
  const byEf = [];
  for (const ef of EFS) {
    const found = await Promise.all(exact.truth.map(async (_, q) => (await collection.search(q, { ef })).hits));
    byEf.push({
      ef,
      recall: recallOf(found, exact),
      ...(await askTogether(collection, { together: 1, milliseconds, ef })),
    });
  }
  return { efConstruction, fillS, byEf, scan: scanLoad(exact) };
}

const PARTS: Record<string, (points: Points, directory: string) => Promise<object>> = {
  correct: async (points, directory) => ({ agreements: await compareAnswers(points, gpu, directory) }),
  device: onDevice,
  graph: onGraph,
};

async function main(): Promise<number> {
  const [name = ''] = positionals;
  const part = PARTS[name];
  if (part === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const points = pointsWanted();
  await using directory = await temporaryDirectory();
  const result = {
    part: name,
    points: points.name,
    machine: describeMachine(),
    ...(await part(points, directory.path)),
  };
  const text = `${JSON.stringify(result, undefined, 1)}\n`;
  if (values.json === undefined) process.stdout.write(text);
  else writeFileSync(values.json, text);
  return 0;
}

// Dawn keeps the loop turning for as long as there is a device.
process.exit(await main());
