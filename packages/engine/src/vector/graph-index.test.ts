import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { byRank, exactScore, type Metric } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, type SeededRandom } from '@vectorizer/testing';
import { Graph } from './graph.ts';
import { GraphIndex } from './graph-index.ts';
import { isWhole } from './is-whole.ts';
import type { PointVersions } from './point-index.ts';
import { readSealed, sha256OfFile, writeSealed } from './sealed-file.ts';

const hnsw = { m: 8, ef_construction: 100, ef_search: 64 };
const metrics: Metric[] = ['cosine', 'dot', 'euclidean'];

/** The plain model of what an index should hold, which is also where it gets its vectors from. */
class Model {
  readonly points = new Map<string, { vector: Float32Array; version: number }>();
  #version = 0;

  set(id: string, vector: Float32Array): number {
    this.points.set(id, { vector, version: ++this.#version });
    return this.#version;
  }

  vectorOf = (id: string): Float32Array | undefined => this.points.get(id)?.vector;
  versionOf = (id: string): number | undefined => this.points.get(id)?.version;
  versions = (): Map<string, PointVersions> =>
    new Map([...this.points].map(([id, { version }]) => [id, { version, vectorVersion: version }]));

  top(metric: Metric, query: Float32Array, k: number): string[] {
    return [...this.points]
      .map(([id, { vector }]) => ({ id, score: exactScore(metric, vector, query) }))
      .toSorted(byRank)
      .slice(0, k)
      .map(({ id }) => id);
  }
}

const even = (id: string): boolean => Number(id.slice(1)) % 2 === 0;
const failing = (): boolean => {
  throw new Error('no such field');
};

type Bench = { readonly model: Model; readonly directory: string; readonly metric: Metric; index: GraphIndex };

function openIndex(
  model: Model,
  metric: Metric,
  where: { readonly directory: string; readonly dimension: number; readonly backlogRowsMax?: number },
): GraphIndex {
  return new GraphIndex({ ...where, kind: 'cpu', metric, hnsw, vectorOf: model.vectorOf, bufferRowsMax: 200 });
}

function put(bench: Bench, id: string, vector: Float32Array): void {
  while (bench.index.room === 0) bench.index.drain(Infinity);
  bench.index.upsert(id, vector, { version: bench.model.set(id, vector), now: 0 });
}

/** Vectors around a few centres: neighbour order matters, as with real embeddings. */
function clustered(random: SeededRandom, centres: readonly Float32Array[]): Float32Array {
  const centre = random.pick(centres);
  return centre.map((x) => x + random.gaussian() * 0.3);
}

function recall(bench: Bench, queries: readonly Float32Array[]): number {
  let found = 0;
  for (const query of queries) {
    const wanted = new Set(bench.model.top(bench.metric, query, 10));
    const hits = bench.index.search(query, { k: 10, ef: 64 });
    expect(hits).toHaveLength(10);
    found += hits.filter(({ id }) => wanted.has(id)).length;
  }
  return found / queries.length / 10;
}

describe.each(metrics)('a vector index by %s', (metric) => {
  it('keeps its recall, and answers k results, while every point is updated, saved, loaded and rebuilt', async () => {
    await using directory = await temporaryDirectory();
    const where = { directory: directory.path, dimension: 32 };
    const random = seededRandom(7);
    const centres = Array.from({ length: 40 }, () => random.vector(32));
    const model = new Model();
    const bench: Bench = { model, metric, directory: directory.path, index: openIndex(model, metric, where) };
    const queries = Array.from({ length: 50 }, () => clustered(random, centres));
    for (let i = 0; i < 2_500; i++) put(bench, `p${i}`, clustered(random, centres));
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    for (let i = 0; i < 2_500; i++) put(bench, `p${i}`, clustered(random, centres));
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    expect(bench.index.needsRebuild).toBe(true);

    // Nothing drains while it saves, so there must be room for what follows.
    while (bench.index.stats().buffered > 0) bench.index.drain(Infinity);
    const saving = bench.index.save();
    for (let i = 0; i < 150; i++) put(bench, `p${i}`, clustered(random, centres));
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    await saving;

    bench.index = openIndex(model, metric, where);
    expect(await bench.index.load(model.versions())).toEqual({ reason: undefined });
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);

    // PointVersions of points that change without their vectors are kept through the rebuild.
    const touched = new Map(Array.from({ length: 500 }, (_, i) => [`p${2_000 + i}`, 1_000_000 + i]));
    for (const [id, version] of touched) bench.index.touch(id, version);
    const rebuilding = bench.index.rebuild(model.versionOf, new AbortController().signal);
    for (let i = 1_000; i < 1_500; i++) {
      put(bench, `p${i}`, clustered(random, centres));
      if (i % 3 === 0) {
        model.points.delete(`p${i - 900}`);
        bench.index.remove(`p${i - 900}`);
      }
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    await rebuilding;
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    const { indexed, buffered, dead } = bench.index.stats();
    expect(indexed + buffered).toBe(model.points.size);
    // The 500 updates and 167 removals meanwhile, and nothing of what was dead before.
    expect(dead).toBeLessThanOrEqual(667);
    for (const query of queries)
      for (const { id, version } of bench.index.search(query, { k: 10, ef: 64 }))
        expect(version).toBe(touched.get(id) ?? model.versionOf(id));

    bench.index = openIndex(model, metric, where);
    expect(await bench.index.load(model.versions())).toEqual({ reason: undefined });
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
  });

  it('scores as the definition does, in the buffer and in the graph', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(3);
    const model = new Model();
    const index = openIndex(model, metric, { directory: directory.path, dimension: 5 });
    const bench: Bench = { model, metric, directory: directory.path, index };
    for (let i = 0; i < 30; i++) put(bench, `p${i}`, random.vector(5));
    const query = random.vector(5);
    const wanted = model.top(metric, query, 30);
    for (const now of [-Infinity, Infinity]) {
      while (index.drain(now));
      const hits = index.search(query, { k: 30, ef: 100 });
      expect(hits.map(({ id }) => id)).toEqual(wanted);
      for (const { id, score } of hits)
        expect(score).toBeCloseTo(exactScore(metric, model.vectorOf(id) ?? query, query), 4);
    }
    expect(index.stats()).toMatchObject({ indexed: 30, buffered: 0, dead: 0 });
  });
});

describe('a vector index', () => {
  it('does not grow when one point is updated over and over', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(4);
    const model = new Model();
    const index = openIndex(model, 'dot', { directory: directory.path, dimension: 8 });
    for (let i = 0; i < 100_000; i++) {
      const vector = random.vector(8);
      index.upsert('hot', vector, { version: model.set('hot', vector), now: i / 1_000 });
      if (i % 100 === 0) index.drain(i / 1_000);
    }
    expect(index.stats().indexed + index.stats().buffered).toBe(1);
    expect(index.stats().dead).toBeLessThanOrEqual(1);
  });

  it('takes a new point into the graph at once, and a changed one when it has been left alone for a while', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(5);
    const model = new Model();
    const index = openIndex(model, 'dot', { directory: directory.path, dimension: 8 });
    const write = (now: number): void => {
      const vector = random.vector(8);
      index.upsert('a', vector, { version: model.set('a', vector), now });
    };
    write(1_000);
    index.drain(1_000);
    expect(index.stats()).toMatchObject({ indexed: 1, buffered: 0, dead: 0 });
    write(1_000);
    expect(index.drain(1_199)).toBe(false);
    expect(index.stats()).toMatchObject({ indexed: 0, buffered: 1, dead: 1 });
    index.drain(1_200);
    expect(index.stats()).toMatchObject({ indexed: 1, buffered: 0, dead: 1 });
  });

  it('filters in the graph and in the buffer, and survives a filter that throws', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(5);
    const model = new Model();
    const bench: Bench = {
      model,
      metric: 'dot',
      directory: directory.path,
      index: openIndex(model, 'dot', { directory: directory.path, dimension: 4 }),
    };
    for (let i = 0; i < 300; i++) put(bench, `p${i}`, random.vector(4));
    const hits = bench.index.search(random.vector(4), { k: 20, ef: 300, accept: even });
    expect(hits).toHaveLength(20);
    expect(hits.every(({ id }) => even(id))).toBe(true);
    expect(() => bench.index.search(random.vector(4), { k: 5, ef: 10, accept: failing })).toThrow('no such field');
    expect(bench.index.search(random.vector(4), { k: 5, ef: 10 })).toHaveLength(5);
  });

  it.each([
    ['nothing was saved', async (): Promise<void> => undefined, 'nothing was saved'],
    [
      'the graph file is cut short',
      (path: string) => damage(path, '.hnsw', (bytes) => bytes.subarray(0, bytes.length / 2)),
      'the graph file is damaged',
    ],
    ['the graph file was cut short when it was sealed (regression)', sealCutShort, 'the graph file is damaged'],
    ['a bit of the graph file flipped', (path: string) => damage(path, '.hnsw', flip), 'the graph file is damaged'],
    ['a bit of the manifest flipped', (path: string) => damage(path, '.manifest', flip), 'the manifest is damaged'],
    [
      'the manifest is empty',
      (path: string) => damage(path, '.manifest', () => Buffer.alloc(0)),
      'the manifest is damaged',
    ],
    ['the manifest is of another version', ageing, 'the manifest is of another version'],
    ['the graph file is gone', (path: string) => lose(path, '.hnsw'), 'the graph file is missing'],
  ])('rebuilds from its points when %s', async (what, harm, reason) => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(6);
    const model = new Model();
    const where = { directory: directory.path, dimension: 8 };
    const bench: Bench = {
      model,
      metric: 'cosine',
      directory: directory.path,
      index: openIndex(model, 'cosine', where),
    };
    for (let i = 0; i < 400; i++) put(bench, `p${i}`, random.vector(8));
    if (what !== 'nothing was saved') await bench.index.save();
    await harm(directory.path);
    bench.index = openIndex(model, 'cosine', where);
    expect(await bench.index.load(model.versions())).toEqual({ reason });
    expect(recall(bench, [random.vector(8), random.vector(8)])).toBeGreaterThanOrEqual(0.95);
  });

  it('is there at once when most of it is not in the saved graph, takes changes, and gives the memory back (regression)', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(9);
    const model = new Model();
    const where = { directory: directory.path, dimension: 16 };
    const bench: Bench = { model, metric: 'dot', directory: directory.path, index: openIndex(model, 'dot', where) };
    for (let i = 0; i < 500; i++) put(bench, `p${i}`, random.vector(16));
    while (bench.index.stats().buffered > 0) bench.index.drain(Infinity);
    await bench.index.save();
    for (let i = 500; i < 3_000; i++) model.set(`p${i}`, random.vector(16));
    const queries = Array.from({ length: 20 }, () => random.vector(16));

    bench.index = openIndex(model, 'dot', where);
    expect(await bench.index.load(model.versions())).toEqual({ reason: undefined });
    expect(bench.index.stats()).toMatchObject({ indexed: 500, buffered: 2_500, dead: 0 });
    expect(bench.index.room).toBe(bench.index.capacity);
    expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    const { bytes } = bench.index.stats();

    for (let round = 0; bench.index.stats().buffered > 0; round++) {
      bench.index.drain(Infinity);
      if (round % 40 > 0) continue;
      put(bench, `p${random.int(3_000)}`, random.vector(16));
      const gone = `p${random.int(3_000)}`;
      model.points.delete(gone);
      bench.index.remove(gone);
      expect(recall(bench, queries)).toBeGreaterThanOrEqual(0.95);
    }
    expect(bench.index.stats()).toMatchObject({ indexed: model.points.size, buffered: 0 });
    expect(bench.index.room).toBe(bench.index.capacity);
    expect(bench.index.stats().bytes).not.toBe(bytes);
  });

  it('leaves the graph for later in a hurry, and has its usual room afterwards', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(10);
    const model = new Model();
    const index = openIndex(model, 'dot', { directory: directory.path, dimension: 16 });
    const bench: Bench = { model, metric: 'dot', directory: directory.path, index };
    index.hurry(true);
    for (let i = 0; i < 2_000; i++) put(bench, `p${i}`, random.vector(16));
    expect(index.drain(Infinity)).toBe(false);
    expect(index.stats()).toMatchObject({ indexed: 0, buffered: 2_000 });
    expect(recall(bench, [random.vector(16)])).toBe(1);
    index.hurry(false);
    expect(index.room).toBe(index.capacity);
    while (index.drain(Infinity));
    expect(index.stats()).toMatchObject({ indexed: 2_000, buffered: 0 });
    expect(index.room).toBe(index.capacity);
  });

  it('makes room in a hurry for any entry that fits its usual room (regression)', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(11);
    const model = new Model();
    const where = { directory: directory.path, dimension: 4, backlogRowsMax: 300 };
    const index = openIndex(model, 'dot', where);
    const bench: Bench = { model, metric: 'dot', directory: directory.path, index };
    index.hurry(true);
    for (let i = 0; i < 499; i++) put(bench, `p${i}`, random.vector(4));
    expect(index.room).toBe(1);
    while (index.drain(0, 0));
    expect(index.room).toBe(index.capacity);
    expect(index.stats()).toMatchObject({ indexed: 199, buffered: 300 });
  });

  it('takes points after it was saved empty (regression)', async () => {
    await using directory = await temporaryDirectory();
    const model = new Model();
    const where = { directory: directory.path, dimension: 2 };
    await openIndex(model, 'dot', where).save();
    const index = openIndex(model, 'dot', where);
    expect(await index.load(model.versions())).toEqual({ reason: undefined });
    put({ model, metric: 'dot', directory: directory.path, index }, 'a', Float32Array.of(1, 0));
    while (index.stats().buffered > 0) index.drain(Infinity);
    expect(index.stats()).toMatchObject({ indexed: 1, buffered: 0, dead: 0 });
  });

  it('asks the store once about each point that it rebuilds (regression)', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(15);
    const model = new Model();
    const index = openIndex(model, 'dot', { directory: directory.path, dimension: 4 });
    const bench: Bench = { model, metric: 'dot', directory: directory.path, index };
    for (let i = 0; i < 300; i++) put(bench, `p${i}`, random.vector(4));
    while (index.drain(Infinity));
    let asked = 0;
    const versionOf = (id: string): number | undefined => {
      asked += 1;
      return model.versionOf(id);
    };
    await index.rebuild(versionOf, new AbortController().signal);
    expect(asked).toBe(300);
    expect(index.stats()).toMatchObject({ indexed: 300, buffered: 0, dead: 0 });
  });

  it('does not take a graph of other parameters for its own', async () => {
    await using directory = await temporaryDirectory();
    const model = new Model();
    const index = openIndex(model, 'cosine', { directory: directory.path, dimension: 8 });
    await index.save();
    for (const [metric, dimension] of [
      ['dot', 8],
      ['cosine', 9],
    ] as const) {
      const other = openIndex(model, metric, { directory: directory.path, dimension });
      expect(await other.load(new Map())).toEqual({ reason: 'the graph has other parameters' });
    }
  });
});

describe('the file of a graph', () => {
  const options = { dimension: 4, space: 'ip', hnsw } as const;

  it('is whole with its last byte only', async () => {
    await using directory = await temporaryDirectory();
    const random = seededRandom(13);
    for (const count of [0, 1, 500]) {
      const graph = Graph.create(options);
      for (let i = 0; i < count; i++) graph.add(random.vector(4));
      const path = join(directory.path, `graph-${count}.hnsw`);
      await graph.save(path);
      const bytes = await readFile(path);
      expect(await isWhole(path)).toBe(true);
      for (const length of [0, 50, 95, 96, bytes.length / 2, bytes.length - 1].filter((each) => each < bytes.length)) {
        await writeFile(path, bytes.subarray(0, length));
        expect(await isWhole(path)).toBe(false);
      }
    }
  });

  it('is refused when the disk was full (regression)', async () => {
    const graph = Graph.create(options);
    graph.add(seededRandom(14).vector(4));
    await expect(graph.save('/dev/full')).rejects.toThrow('the graph was');
  });
});

async function damage(directory: string, suffix: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const name = (await readdir(directory)).find((file) => file.endsWith(suffix));
  if (name === undefined) throw new Error(`no ${suffix} in ${directory}`);
  const path = join(directory, name);
  await writeFile(path, change(await readFile(path)));
}

async function lose(directory: string, suffix: string): Promise<void> {
  const name = (await readdir(directory)).find((file) => file.endsWith(suffix)) ?? '';
  await unlink(join(directory, name));
}

async function ageing(directory: string): Promise<void> {
  const { value } = await readSealed(directory, 'graph.manifest');
  await writeSealed(directory, 'graph.manifest', { ...(value as object), v: 0 });
}

async function sealCutShort(directory: string): Promise<void> {
  await damage(directory, '.hnsw', (bytes) => bytes.subarray(0, -1));
  const name = (await readdir(directory)).find((file) => file.endsWith('.hnsw')) ?? '';
  const { value } = await readSealed(directory, 'graph.manifest');
  const sha256 = await sha256OfFile(join(directory, name));
  await writeSealed(directory, 'graph.manifest', { ...(value as object), sha256 });
}

function flip(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
