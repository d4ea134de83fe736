import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerClient } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';
import { detachInstance } from '../process/up.ts';
import { stopInstance } from '../process/down.ts';

/** A collection of made-up points, small enough to be measured here. */
export type Sample = {
  readonly kind: 'cpu' | 'quantized';
  readonly quantization: 'int8' | 'binary';
  readonly dimension: number;
  readonly points: number;
  readonly payloadBytes: number;
};

/** What one process takes. */
export type Taken = {
  /** Memory of its own, and pages of files, which the system takes back when it needs them; in bytes. */
  readonly anonymousBytes: number;
  readonly fileBytes: number;
  readonly cpuSeconds: number;
};

/** By their names. */
type Processes = ReadonlyMap<string, Taken>;

export type Measured = {
  /** Before the points came, and when they were searched. */
  readonly empty: Processes;
  readonly searched: Processes;
  /** Of one search, with what a process does besides; in microseconds of a core. */
  readonly searchUs: ReadonlyMap<string, number>;
  /** Of one point that was written, with all that follows; likewise. */
  readonly writeUs: ReadonlyMap<string, number>;
  /** Of the replica's store and of its saved index; of the log. */
  readonly storeBytes: number;
  readonly indexBytes: number;
  readonly logBytes: number;
};

const BATCH = 500;
const CENTRES = 256;
/** Code that has run a thousand times is compiled. */
const WARM_UP = 1_000;
const SEARCHES = 2_000;
const SEARCHES_AT_ONCE = 4;
const SETTLE_MS_MAX = 600_000;
const SETTLE_POLL_MS = 200;
const TAKE_EVERY_MS = 100;

/** Starts a cluster of one index node on an empty directory, loads the sample, searches it, and stops it again. */
export async function measureSample(sample: Sample, data: string): Promise<Measured> {
  const args = ['cluster', 'up', '--nodes', '1', '--port', '0', '--data', data, '--cache-bytes', '0'];
  const { urls, processes } = await detachInstance(data, args);
  const take = async (): Promise<Processes> =>
    new Map(await Promise.all(processes.map(async ({ name, pid }) => [name, await takenBy(pid)] as const)));
  try {
    await using client = new VectorizerClient({ url: urls });
    const empty = await take();
    const queries = await fill(client, sample);
    await settle(client, sample.points);
    const filled = await take();
    await searchAll(client, queries.slice(0, WARM_UP));
    const warm = await take();
    const searched = await takeDuring(searchAll(client, queries.slice(WARM_UP)), take);
    // A replica that is closed saves what of its index it has not saved yet.
    await stopInstance(data);
    const writeUs = spentUs([empty, filled], sample.points);
    const searchUs = spentUs([warm, searched], SEARCHES);
    return { empty, searched, searchUs, writeUs, ...(await sizesIn(data)) };
  } finally {
    await stopInstance(data);
  }
}

/** At its end, but of memory the least on the way: what waits to be collected as garbage is a matter of the moment. */
async function takeDuring(task: Promise<void>, take: () => Promise<Processes>): Promise<Processes> {
  const taken: Processes[] = [];
  const done = task.then(() => true);
  let ended = false;
  while (!ended) {
    ended = await Promise.race([done, sleep(TAKE_EVERY_MS, false)]);
    taken.push(await take());
  }
  const last = taken.at(-1) ?? new Map<string, Taken>();
  const least = (name: string): number => Math.min(...taken.map((each) => each.get(name)?.anonymousBytes ?? Infinity));
  return new Map([...last].map(([name, each]) => [name, { ...each, anonymousBytes: least(name) }]));
}

function spentUs([before, after]: readonly [Processes, Processes], times: number): ReadonlyMap<string, number> {
  const spent = [...after].map(([name, { cpuSeconds }]): [string, number] => {
    return [name, (1e6 * (cpuSeconds - (before.get(name)?.cpuSeconds ?? 0))) / times];
  });
  return new Map(spent);
}

async function fill(client: VectorizerClient, sample: Sample): Promise<readonly number[][]> {
  const { kind, quantization, dimension, points, payloadBytes } = sample;
  await client.createCollection({
    name: 'sample',
    dimension,
    metric: 'cosine',
    kind,
    ...(kind === 'quantized' && { quantization: { type: quantization } }),
  });
  const draw = drawer(dimension);
  const payload = { text: 'x'.repeat(Math.max(0, payloadBytes - '{"text":""}'.length)) };
  for (let start = 0; start < points; start += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, points - start) }, (_, i) => ({
      id: idOf(start + i),
      vector: draw(),
      ...(payloadBytes > 0 && { payload }),
    }));
    await client.upsert('sample', batch);
  }
  return Array.from({ length: WARM_UP + SEARCHES }, draw);
}

/** As long as a UUID. */
function idOf(i: number): string {
  return `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
}

async function settle(client: VectorizerClient, points: number): Promise<void> {
  const deadline = Date.now() + SETTLE_MS_MAX;
  while (Date.now() < deadline) {
    const { shards } = await client.getCollection('sample');
    const replicas = shards.flatMap((shard) => shard.replicas);
    if (replicas.every((replica) => replica.points === points && replica.buffered === 0)) return;
    await sleep(SETTLE_POLL_MS);
  }
  throw new Failure('deadline_exceeded', `the sample was not indexed within ${SETTLE_MS_MAX / 1_000} s`);
}

async function searchAll(client: VectorizerClient, queries: readonly number[][]): Promise<void> {
  const left = [...queries];
  const search = async (): Promise<void> => {
    for (let vector = left.pop(); vector !== undefined; vector = left.pop()) {
      await client.search('sample', { vector, k: 10, with_payload: false });
    }
  };
  await Promise.all(Array.from({ length: SEARCHES_AT_ONCE }, search));
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** Around a few hundred centres, as embeddings are: a graph of noise is searched in another time. */
function drawer(dimension: number): () => number[] {
  const centres = Array.from({ length: CENTRES }, () => Array.from({ length: dimension }, normal));
  return () => {
    const centre = centres[Math.floor(Math.random() * CENTRES)] ?? [];
    return centre.map((x) => x + 0.5 * normal());
  };
}

/** See proc(5). */
async function takenBy(pid: number): Promise<Taken> {
  const [status, times] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'latin1'),
  ]);
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN);
  const fields = times.slice(times.lastIndexOf(')') + 2).split(' ');
  return {
    anonymousBytes: kilobytes('RssAnon') * 1_024,
    fileBytes: kilobytes('RssFile') * 1_024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

const TICKS_PER_SECOND = 100;

async function sizesIn(data: string): Promise<Pick<Measured, 'storeBytes' | 'indexBytes' | 'logBytes'>> {
  const files = await filesBelow(join(data, 'index-1'));
  const isIndex = /graph|codes/;
  return {
    storeBytes: sum(files.filter(({ path }) => !isIndex.test(basename(path)))),
    indexBytes: sum(files.filter(({ path }) => isIndex.test(basename(path)))),
    logBytes: sum(await filesBelow(join(data, 'nats'))),
  };
}

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

async function filesBelow(directory: string): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // What is blocks of a sparse file that were never written takes no room.
  return Promise.all(files.map(async (path) => ({ path, bytes: 512 * (await stat(path)).blocks })));
}
