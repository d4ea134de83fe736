import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  byRank,
  encodeEntry,
  encodeRequest,
  exactScore,
  type GpuMode,
  type Metric,
  type Operation,
} from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, until } from '@vectorizer/testing';
import { Shard } from '../shard/shard.ts';
import type { SearchOptions } from '../vector/point-index.ts';
import { Gpu, type OpenGpu } from './gpu.ts';
import { ResilientGpuIndex, type ResilientOptions } from './resilient-gpu-index.ts';

/**
 * What on-device.test.ts has checked on a device, in a process of its own, since the device may be one in software that
 * needs another libc. Arguments: which devices may be used, and the name of a check.
 */
const [mode, check] = process.argv.slice(2);
const warnings: string[] = [];
const logger = {
  info: () => undefined,
  error: () => undefined,
  warn: ({ reason }: { reason?: string }) => void warnings.push(reason ?? ''),
};
const gpu = new Gpu({ mode: mode as GpuMode, logger });
const random = seededRandom(20_261_125);
const hnsw = { m: 8, ef_construction: 80, ef_search: 64 };

async function device(): Promise<OpenGpu['device']> {
  const found = await gpu.acquire();
  assert('device' in found, `there is no device: ${JSON.stringify(found)}`);
  return found.device;
}

/** An index beside a plain map of what it should hold. */
class Pair {
  readonly index: ResilientGpuIndex;
  readonly points = new Map<string, Float32Array>();
  readonly #options: Pick<ResilientOptions, 'dimension' | 'metric' | 'segmentBytes'>;
  #version = 0;

  constructor(options: Pick<ResilientOptions, 'dimension' | 'metric' | 'segmentBytes'>, directory: string) {
    this.#options = options;
    const vectorOf = (id: string): Float32Array | undefined => this.points.get(id);
    this.index = new ResilientGpuIndex({ ...options, kind: 'gpu', gpu, hnsw, directory, vectorOf });
  }

  put(id: string, vector = random.vector(this.#options.dimension)): void {
    this.points.set(id, vector);
    this.index.upsert(id, vector, { version: ++this.#version, now: 0 });
  }

  change(): void {
    const id = `p${random.int(6_000)}`;
    if (random.int(10) < 3 && this.points.size > 3_000) {
      this.points.delete(id);
      this.index.remove(id);
    } else this.put(id);
  }

  async room(): Promise<void> {
    await until(() => this.index.room >= 500 || (this.index.drain(0), false), { what: 'room' });
  }

  /** Asks, then changes points while the answer is under way, then compares it with the state that was asked. */
  async search(k: number, accept?: (id: string) => boolean): Promise<void> {
    const { metric } = this.#options;
    const query = random.vector(this.#options.dimension);
    const held = new Map(this.points);
    const options: SearchOptions = { k, ef: k, vectorOf: (id) => held.get(id), ...(accept && { accept }) };
    const asked = this.index.search(query, options);
    for (let i = 0; i < 10; i++) this.change();
    const wanted = [...held]
      .filter(([id]) => accept?.(id) ?? true)
      .map(([id, vector]) => ({ id, score: exactScore(metric, vector, query) }))
      .toSorted(byRank)
      .slice(0, k);
    const found = await asked;
    assert.deepEqual(
      found.map(({ id }) => id),
      wanted.map(({ id }) => id),
    );
    for (const [i, { score }] of found.entries()) assert(Math.abs(score - (wanted[i]?.score ?? NaN)) < 1e-3);
  }
}

const everyNth =
  (n: number) =>
  (id: string): boolean =>
    Number(id.slice(1)) % n === 0;

async function exact(metric: Metric): Promise<void> {
  await using directory = await temporaryDirectory();
  const segmentBytes = { initial: 1_024, max: 64 * 1_024 };
  const pair = new Pair({ dimension: 22, metric, segmentBytes }, directory.path);
  await pair.index.load(new Map());
  for (let round = 0; round < 15; round++) {
    await pair.room();
    for (let i = 0; i < 400; i++) pair.change();
    // Plain, more than the segments hold ties for, a filter that the nearest satisfy, a rare one, one that needs the mask.
    await Promise.all([
      ...[1, 10, 1_000].map((k) => pair.search(k)),
      pair.search(10, everyNth(2)),
      pair.search(10, everyNth(500)),
      pair.search(900, everyNth(2)),
    ]);
  }
  assert.equal(pair.index.backend.backend, 'gpu');
  pair.index.close();
}

async function shapes(): Promise<void> {
  await using directory = await temporaryDirectory();
  for (const dimension of [1, 3, 4, 63, 64, 65, 1_000]) {
    const pair = new Pair({ dimension, metric: 'euclidean' }, directory.path);
    await pair.index.load(new Map());
    await pair.search(10);
    for (let i = 0; i < 40; i++) pair.put(`p${i}`);
    // As many at once as make several batches, with passes of eight and of one.
    await Promise.all(Array.from({ length: 75 }, async (_, i) => pair.search(1 + i * 13)));
    assert.equal(pair.index.backend.backend, 'gpu');
    pair.index.close();
  }
}

async function ties(): Promise<void> {
  await using directory = await temporaryDirectory();
  const pair = new Pair({ dimension: 4, metric: 'dot' }, directory.path);
  await pair.index.load(new Map());
  for (let i = 0; i < 200; i++) pair.put(`p${String(i).padStart(3, '0')}`, Float32Array.of(1, 2, 3, 4));
  const vectorOf = (id: string): Float32Array | undefined => pair.points.get(id);
  const found = await pair.index.search(Float32Array.of(1, 1, 1, 1), { k: 5, ef: 5, vectorOf });
  assert.deepEqual(
    found.map(({ id, score }) => [id, score]),
    ['p000', 'p001', 'p002', 'p003', 'p004'].map((id) => [id, 10]),
  );
}

const fields = { with_payload: true, with_vector: false };

/** Points on a line: the first component says which payload belongs to the vector. */
function at(id: string, x: number): Operation {
  return { kind: 'upsert', id, vector: Float32Array.of(x, 0, 0), payload: JSON.stringify({ x }) };
}

async function write(shard: Shard, ops: Operation[]): Promise<void> {
  const sequence = shard.position.sequence + 1;
  const { request } = encodeRequest({ id: `r${sequence}`, ops });
  await shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 1_000 });
}

async function openShard(directory: string): Promise<Shard> {
  const shape = { kind: 'gpu', dimension: 3, metric: 'euclidean', hnsw, gpu, logger } as const;
  const shard = await Shard.open({ ...shape, directory });
  shard.startBackground();
  return shard;
}

/** Every hit's payload is the one that was written with the vector that was ranked. */
async function checkHits(shard: Shard, options: { readonly k: number; readonly exact?: boolean }): Promise<void> {
  const { hits, sequence } = await shard.search({ vector: Float32Array.of(0, 0, 0), ...fields, ...options });
  assert.equal(hits.length, options.k);
  assert.equal(new Set(hits.map(({ id }) => id)).size, options.k);
  for (const { payload, score, version } of hits) {
    const { x } = JSON.parse(payload ?? '') as { x: number };
    assert(Math.abs(score + x) < 1e-3 * x && version <= sequence);
  }
}

const N = 2_000;

async function filled(directory: string): Promise<Shard> {
  const shard = await openShard(directory);
  await write(
    shard,
    Array.from({ length: N }, (_, i) => at(`p${i}`, i + 1)),
  );
  return shard;
}

async function oneSequence(): Promise<void> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'shard');
  const shard = await filled(path);
  for (let round = 0; round < 30; round++) {
    const searches = [checkHits(shard, { k: 10 }), checkHits(shard, { k: 10, exact: true })];
    // The nearest become the farthest.
    await write(
      shard,
      Array.from({ length: 20 }, (_, i) => at(`p${(round * 20 + i) % N}`, N + round * 20 + i + 1)),
    );
    searches.push(checkHits(shard, { k: 10 }));
    await Promise.all(searches);
  }
  // More than the states that may be held: those of one sequence share theirs.
  await Promise.all(Array.from({ length: 200 }, async () => checkHits(shard, { k: 10 })));
  const { state_hash, backend, device: name } = shard.report();
  assert.equal(backend, 'gpu');
  assert.equal(name, (await device()).name);
  await shard.close();
  const again = await openShard(path);
  assert.deepEqual([again.report().state_hash, again.report().backend], [state_hash, 'gpu']);
  await checkHits(again, { k: 100 });
  await again.close();
}

async function loss(): Promise<void> {
  await using directory = await temporaryDirectory();
  const shards = [await filled(join(directory.path, 'a')), await filled(join(directory.path, 'b'))];
  const under = shards.flatMap((shard) => Array.from({ length: 10 }, async () => checkHits(shard, { k: 10 })));
  (await device().then((found) => found.device)).destroy();
  await Promise.all(under);
  for (const shard of shards) {
    await checkHits(shard, { k: 10 });
    await until(() => shard.report().backend === 'cpu', { what: 'the loss being known' });
    // While the graph is being built, points come, go and change.
    await write(shard, [at('new', 0.5), at('p0', N + 1), { kind: 'delete', id: 'p1' }]);
    await checkHits(shard, { k: 10 });
    await until(() => shard.report().buffered === 0, { what: 'a graph of all points' });
    assert.equal(shard.report().indexed, N);
    const { hits } = await shard.search({ vector: Float32Array.of(0, 0, 0), k: 3, ...fields });
    assert.deepEqual(
      hits.map(({ id }) => id),
      ['new', 'p2', 'p3'],
    );
    assert.match(shard.report().backend_reason ?? '', /lost/);
  }
  const later = await openShard(join(directory.path, 'c'));
  assert.match(later.report().backend_reason ?? '', /lost/);
  assert.equal(warnings.filter((warning) => warning.includes('lost')).length, 1);
  for (const shard of [...shards, later]) await shard.close();
}

/** No device has so much memory in one piece. */
async function memory(): Promise<void> {
  await using directory = await temporaryDirectory();
  const segmentBytes = { initial: 2 ** 46, max: 2 ** 46 };
  const pair = new Pair({ dimension: 8, metric: 'cosine', segmentBytes }, directory.path);
  await pair.index.load(new Map());
  for (let i = 0; i < 200; i++) pair.put(`p${i}`);
  await Promise.all([pair.search(10), pair.search(10), pair.search(10, everyNth(2))]);
  await until(() => pair.index.backend.backend === 'cpu', {
    what: 'the want of memory being known',
  });
  assert.match(pair.index.backend.backend_reason ?? '', /out of memory/);
  assert.equal(warnings.length, 1);
  // The device is of use to others.
  assert.equal((await device()).lost, undefined);
}

const checks: Record<string, () => Promise<void>> = {
  device: async () => void (await device()),
  cosine: async () => exact('cosine'),
  dot: async () => exact('dot'),
  euclidean: async () => exact('euclidean'),
  shapes,
  ties,
  sequence: oneSequence,
  loss,
  memory,
};

const run = checks[check ?? ''];
assert(run !== undefined, `there is no check ${check}`);
await run();
process.stdout.write('done\n');
process.exit(0);
