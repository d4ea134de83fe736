import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { byRank, exactScore, type Metric, Quantization } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, type SeededRandom } from '@vectorizer/testing';
import type { PointVersions } from '../vector/point-index.ts';
import { readSealed, writeSealed } from '../vector/sealed-file.ts';
import { QuantizedIndex } from './quantized-index.ts';

type Type = Quantization['type'];
const metrics: Metric[] = ['cosine', 'dot', 'euclidean'];
const settings = (['int8', 'binary'] as const).flatMap((type) => metrics.map((metric) => ({ type, metric })));
const hnsw = { m: 16, ef_construction: 200, ef_search: 64 };

/** An index and the plain model of what it should hold, which is also where it gets its vectors from. */
class Bench {
  readonly points = new Map<string, { vector: Float32Array; version: number }>();
  readonly #where: { directory: string; dimension: number; metric: Metric };
  readonly #quantization: Quantization;
  index: QuantizedIndex;
  #version = 0;

  readonly #atOnceMs: number | undefined;

  constructor(
    where: { directory: string; dimension: number; metric: Metric },
    { atOnceMs, ...quantization }: { type: Type; atOnceMs?: number },
  ) {
    this.#atOnceMs = atOnceMs;
    this.#where = where;
    this.#quantization = Quantization.parse(quantization);
    this.index = this.#open();
  }

  put(id: string, vector: Float32Array): void {
    this.points.set(id, { vector, version: ++this.#version });
    this.index.upsert(id, vector, { version: this.#version, now: 0 });
  }

  remove(id: string): void {
    this.points.delete(id);
    this.index.remove(id);
  }

  async reopen(): Promise<string | undefined> {
    this.index = this.#open();
    const versions = [...this.points].map(([id, { version }]): [string, PointVersions] => [
      id,
      { version, vectorVersion: version },
    ]);
    return (await this.index.load(new Map(versions))).reason;
  }

  top(query: Float32Array, k: number, accept: (id: string) => boolean = everything): { id: string; score: number }[] {
    return [...this.points]
      .filter(([id]) => accept(id))
      .map(([id, { vector }]) => ({ id, score: exactScore(this.#where.metric, vector, query) }))
      .toSorted(byRank)
      .slice(0, k);
  }

  async recall(queries: readonly Float32Array[]): Promise<number> {
    let found = 0;
    for (const query of queries) {
      const wanted = new Set(this.top(query, 10).map(({ id }) => id));
      const hits = await this.index.search(query, { k: 10, ef: 10, vectorOf: this.vectorOf });
      assert.equal(new Set(hits.map(({ id }) => id)).size, 10);
      for (const { id, version } of hits) assert.equal(version, this.points.get(id)?.version);
      found += hits.filter(({ id }) => wanted.has(id)).length;
    }
    return found / queries.length / 10;
  }

  vectorOf = (id: string): Float32Array | undefined => this.points.get(id)?.vector;

  #open(): QuantizedIndex {
    const options = { ...this.#where, kind: 'quantized', hnsw, vectorOf: this.vectorOf } as const;
    return new QuantizedIndex(options, this.#quantization, this.#atOnceMs);
  }
}

const everything = (): boolean => true;
const failing = (): boolean => {
  throw new Error('no such field');
};

/** Vectors around a few centres: neighbour order matters, as with real embeddings. */
function clusters(random: SeededRandom, dimension: number): () => Float32Array {
  const centres = Array.from({ length: 40 }, () => random.vector(dimension));
  return () => random.pick(centres).map((x) => x + random.gaussian() * 0.5);
}

describe.each(settings)('an index of $type codes by $metric', ({ type, metric }) => {
  it('keeps its recall while every point is updated, and many removed, saved and loaded', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(7);
    const vector = clusters(random, 64);
    const bench = new Bench({ directory: directory.path, dimension: 64, metric }, { type });
    const queries = Array.from({ length: 40 }, vector);
    const floor = type === 'int8' ? 0.99 : 0.9;
    for (let i = 0; i < 3_000; i++) bench.put(`p${i}`, vector());
    expect(await bench.recall(queries)).toBeGreaterThanOrEqual(floor);
    for (let i = 0; i < 3_000; i++) bench.put(`p${i}`, vector());
    for (let i = 0; i < 1_000; i++) bench.remove(`p${random.int(3_000)}`);
    expect(await bench.recall(queries)).toBeGreaterThanOrEqual(floor);
    expect(bench.index.stats()).toMatchObject({ indexed: bench.points.size, buffered: 0, dead: 0 });

    const saving = bench.index.save();
    for (let i = 0; i < 500; i++) bench.put(`q${i}`, vector());
    for (let i = 0; i < 200; i++) bench.remove(`p${i}`);
    for (let i = 200; i < 300; i++) bench.put(`p${i}`, vector());
    await saving;
    expect(await bench.reopen()).toBeUndefined();
    expect(bench.index.stats().indexed).toBe(bench.points.size);
    expect(await bench.recall(queries)).toBeGreaterThanOrEqual(floor);
    await bench.index.save();
    expect(await bench.reopen()).toBeUndefined();
    expect(bench.index.unsaved).toBe(0);
    expect(await bench.recall(queries)).toBeGreaterThanOrEqual(floor);
  });

  it('scores exactly what it rescores, and about right what it does not', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(3);
    const bench = new Bench({ directory: directory.path, dimension: 48, metric }, { type });
    for (let i = 0; i < 60; i++) bench.put(`p${i}`, random.vector(48));
    const query = random.vector(48);
    const options = { k: 20, ef: 10, vectorOf: bench.vectorOf };
    const hits = await bench.index.search(query, { ...options, quantization: { oversampling: 32 } });
    expect(hits.map(({ id, score }) => ({ id, score }))).toEqual(bench.top(query, 20));
    const rough = await bench.index.search(query, { ...options, k: 60, quantization: { rescore: false } });
    const exact = new Map(bench.top(query, 60).map(({ id, score }) => [id, score]));
    const spread = Math.max(...exact.values()) - Math.min(...exact.values());
    const off = rough.map(({ id, score }) => Math.abs(score - (exact.get(id) ?? NaN)) / spread);
    const mean = off.reduce((sum, each) => sum + each, 0) / off.length;
    expect(mean).toBeLessThan(type === 'int8' ? 0.005 : 0.2);
    expect(rough).toEqual(rough.toSorted(byRank));
  });

  it('finds only what is accepted, as many as are asked for', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(5);
    const bench = new Bench({ directory: directory.path, dimension: 64, metric }, { type });
    for (let i = 0; i < 6_000; i++) bench.put(`p${i}`, random.vector(64));
    for (const [share, k] of [
      [1, 10],
      [3, 10],
      [1_000, 6],
      [7_000, 1],
    ] as const) {
      const accept = (id: string): boolean => Number(id.slice(1)) % share === 0;
      const query = random.vector(64);
      const found = await bench.index.search(query, { k, ef: 10, accept, vectorOf: bench.vectorOf });
      const wanted = bench.top(query, k, accept);
      expect(found).toHaveLength(wanted.length);
      expect(found.every(({ id }) => accept(id))).toBe(true);
      const right = found.filter(({ id }) => wanted.some((hit) => hit.id === id));
      expect(right.length).toBeGreaterThanOrEqual(share >= 1_000 || type === 'int8' ? k : k / 2);
    }
  });
});

describe('a quantized index', () => {
  it('orders by id what ties, also where more tie than are scored again', async () => {
    await using directory = await temporaryDirectory();
    const bench = new Bench({ directory: directory.path, dimension: 4, metric: 'dot' }, { type: 'binary' });
    const ids = Array.from({ length: 9_000 }, (_, i) => `p${(i * 7_919) % 9_000}`);
    for (const id of ids) bench.put(id, Float32Array.of(1, 0, 0, 0));
    const found = await bench.index.search(Float32Array.of(1, 0, 0, 0), { k: 5, ef: 10, vectorOf: bench.vectorOf });
    expect(found.map(({ id }) => id)).toEqual(ids.toSorted().slice(0, 5));
  });

  it('does not grow when one point is updated over and over, or points come and go', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(4);
    const bench = new Bench({ directory: directory.path, dimension: 8, metric: 'euclidean' }, { type: 'int8' });
    const vectors = Array.from({ length: 100 }, () => random.vector(8));
    bench.put('hot', vectors[0] ?? new Float32Array());
    const { bytes } = bench.index.stats();
    for (let i = 0; i < 100_000; i++) bench.put('hot', vectors[i % 100] ?? new Float32Array());
    for (let i = 0; i < 10_000; i++) {
      bench.put(`p${i}`, vectors[i % 100] ?? new Float32Array());
      bench.remove(`p${i}`);
    }
    expect(bench.index.stats()).toEqual({ indexed: 1, buffered: 0, dead: 0, bytes });
  });

  it('searches the state in which it began when it takes long, whatever changes meanwhile', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(9);
    const bench = new Bench(
      { directory: directory.path, dimension: 256, metric: 'cosine' },
      { type: 'int8', atOnceMs: 0 },
    );
    const vectors = Array.from({ length: 500 }, () => random.vector(256));
    for (let i = 0; i < 20_000; i++)
      bench.put(
        `p${i}`,
        random.pick(vectors).map((x) => x + random.uniform() * 0.5),
      );
    for (let round = 0; round < 3; round++) {
      const before = new Map(bench.points);
      const query = random.pick(vectors);
      const wanted = bench.top(query, 500);
      const vectorOf = (id: string): Float32Array | undefined => before.get(id)?.vector;
      const search = bench.index.search(query, { k: 500, ef: 10, vectorOf, quantization: { oversampling: 8 } });
      assert(search instanceof Promise);
      const progress = { searching: true };
      const found = search.finally(() => (progress.searching = false));
      const ids = [...before.keys()];
      for (let step = 0; progress.searching; step++) {
        for (let i = 0; i < 20; i++) {
          bench.put(step % 2 === 0 ? random.pick(ids) : `n${round}-${step}-${i}`, random.pick(vectors));
          bench.remove(random.pick(ids));
        }
        await turn();
      }
      expect((await found).map(({ id, score }) => ({ id, score }))).toEqual(wanted);
    }
  });

  it('ends a long search when nobody waits for it any more, and goes on (regression)', async () => {
    await using directory = await temporaryDirectory();
    const where = { directory: directory.path, dimension: 2, metric: 'dot' } as const;
    const bench = new Bench(where, { type: 'int8', atOnceMs: 0 });
    bench.put('a', Float32Array.of(1, 0));
    const options = { k: 1, ef: 10, vectorOf: bench.vectorOf };
    const abandoned = bench.index.search(Float32Array.of(1, 0), { ...options, deadline: 0 });
    assert(abandoned instanceof Promise);
    await expect(abandoned).rejects.toMatchObject({ type: 'deadline_exceeded' });
    const found = await bench.index.search(Float32Array.of(1, 0), { ...options, deadline: Date.now() + 60_000 });
    expect(found).toEqual([{ id: 'a', version: 1, score: 1 }]);
  });

  it('fails with what a filter throws, and goes on', async () => {
    await using directory = await temporaryDirectory();
    const bench = new Bench({ directory: directory.path, dimension: 2, metric: 'dot' }, { type: 'int8' });
    bench.put('a', Float32Array.of(1, 0));
    const options = { k: 1, ef: 10, vectorOf: bench.vectorOf };
    expect(() => bench.index.search(Float32Array.of(1, 0), { ...options, accept: failing })).toThrow('no such field');
    expect(await bench.index.search(Float32Array.of(1, 0), options)).toEqual([{ id: 'a', version: 1, score: 1 }]);
  });

  it.each([
    ['nothing was saved', undefined, 'nothing was saved'],
    ['the codes are cut short', damaging('.rows', (bytes) => bytes.subarray(0, -1)), 'the file of codes is damaged'],
    ['a bit of the codes flipped', damaging('.rows', flip), 'the file of codes is damaged'],
    ['a bit of the manifest flipped', damaging('.manifest', flip), 'the manifest is damaged'],
    ['the manifest is empty', damaging('.manifest', () => Buffer.alloc(0)), 'the manifest is damaged'],
    ['the manifest is of another version', ageing, 'the manifest is of another version'],
  ])('encodes its points anew when %s', async (_, harm, reason) => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(6);
    const bench = new Bench({ directory: directory.path, dimension: 8, metric: 'cosine' }, { type: 'int8' });
    for (let i = 0; i < 2_000; i++) bench.put(`p${i}`, random.vector(8));
    if (harm !== undefined) {
      await bench.index.save();
      await harm(directory.path);
    }
    expect(await bench.reopen()).toBe(reason);
    expect(await bench.recall([random.vector(8), random.vector(8)])).toBeGreaterThanOrEqual(0.99);
  });

  it('does not take codes of other parameters for its own', async () => {
    await using directory = await temporaryDirectory();
    const where = { directory: directory.path, dimension: 8, metric: 'cosine' } as const;
    await new Bench(where, { type: 'int8' }).index.save();
    expect(await new Bench(where, { type: 'int8' }).reopen()).toBeUndefined();
    for (const other of [
      new Bench({ ...where, metric: 'dot' }, { type: 'int8' }),
      new Bench({ ...where, dimension: 9 }, { type: 'int8' }),
      new Bench(where, { type: 'binary' }),
    ])
      expect(await other.reopen()).toBe('the codes have other parameters');
  });
});

function damaging(suffix: string, change: (bytes: Buffer) => Buffer): (directory: string) => Promise<void> {
  return async (directory) => {
    const name = (await readdir(directory)).find((file) => file.endsWith(suffix));
    assert(name !== undefined);
    const path = join(directory, name);
    await writeFile(path, change(await readFile(path)));
  };
}

async function ageing(directory: string): Promise<void> {
  const { value } = await readSealed(directory, 'codes.manifest');
  await writeSealed(directory, 'codes.manifest', { ...(value as object), v: 0 });
}

function flip(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
