import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { demo, registerDemo } from '../src/data/demo.ts';
import { registerLoad } from '../src/data/load.ts';
import { recall, registerRecall } from '../src/data/recall.ts';
import { instanceUrl } from '../src/instance.ts';
import { reportAndExit } from '../src/report-and-exit.ts';
import { MemoryCollection, startMemoryServer, type MemoryServer } from './memory-server.ts';
import { recorded, type Recorded } from './recorded.ts';

const [DIMENSION, ROWS, QUERIES, TRUTH] = [8, 200, 20, 20];
const bytesOf = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0);

type Setup = AsyncDisposable & {
  readonly server: MemoryServer;
  readonly printed: Recorded;
  readonly queries: string;
  readonly truth: string;
  readonly recall: (options: Partial<Parameters<typeof recall>[0]>) => Promise<void>;
};

/** Random points in the server, and queries with their true neighbours in files; `wrong` of each ten are not true. */
async function setUp(wrong = 0): Promise<Setup> {
  const random = seededRandom(11);
  const directory = await temporaryDirectory();
  const server = await startMemoryServer();
  const printed = recorded();
  const collection = new MemoryCollection({ dimension: DIMENSION });
  const rows = Array.from({ length: ROWS }, () => random.vector(DIMENSION));
  rows.forEach((vector, row) =>
    collection.points.set(String(row), { version: 1, vector: Array.from(vector), payload: null }),
  );
  server.collections.set('c', collection);
  const vectors = Array.from({ length: QUERIES }, () => random.vector(DIMENSION));
  const nearest = vectors.flatMap((query) => {
    const order = rows
      .map((_, row) => row)
      .toSorted((a, b) => dot(rows[b] ?? query, query) - dot(rows[a] ?? query, query));
    return order.slice(0, TRUTH).map((row, place) => (place < wrong ? -1 : row));
  });
  const [queries, truth] = [join(directory.path, 'q.f32'), join(directory.path, 't.i32')];
  await writeFile(queries, Buffer.concat(vectors.map(bytesOf)));
  await writeFile(truth, bytesOf(Int32Array.from(nearest)));
  const defaults = { collection: 'c', queries, truth, truthK: TRUTH, k: 10, connections: 1, url: server.url };
  return {
    server,
    printed,
    queries,
    truth,
    recall: async (options) => recall({ ...defaults, ...options }, printed.terminal),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe('recall', () => {
  it.each([
    [0, 1],
    [3, 0.7],
  ])('is the share of the true neighbours that are found: %d of ten are wrong', async (wrong, expected) => {
    await using setup = await setUp(wrong);
    await setup.recall({ json: true, connections: 4 });
    const figures: unknown = JSON.parse(setup.printed.out.at(-1) ?? '');
    const some: unknown = expect.any(Number);
    expect(figures).toEqual({ recall: expect.closeTo(expected, 6), p50_ms: some, p99_ms: some, qps: some });
    expect(setup.printed.out[0]).toMatch(/^queries +20$/);
  });

  it('searches each query once, and only the first when asked', async () => {
    await using setup = await setUp();
    let searches = 0;
    setup.server.onRequest = (route) => {
      if (route.endsWith('/search')) searches += 1;
    };
    await setup.recall({ limit: 7, connections: 3 });
    expect(searches).toBe(7);
  });

  it.each([
    [{ truthK: 10 }, /t\.i32: 40 rows of 10, where .*q\.f32 has 20 queries/],
    [{ truthK: 7 }, /t\.i32: its 1600 bytes are not whole rows of 28 bytes/],
    [{ k: 21 }, /--k 21: .*t\.i32 has only 20 neighbours of each/],
    [{ collection: 'other' }, /no collection other/],
  ])('says what does not fit: %j', async (options, message) => {
    await using setup = await setUp();
    await expect(setup.recall(options)).rejects.toThrow(message);
  });
});

describe('the demo', () => {
  it('loads its sample anew each time and shows three searches', async () => {
    await using server = await startMemoryServer();
    for (const _ of [1, 2]) {
      const printed = recorded();
      await demo({ url: server.url }, printed.terminal);
      expect(server.collections.get('demo')?.points.size).toBe(300);
      expect(server.collections.get('demo')?.log).toHaveLength(1);
      expect(printed.out.filter((line) => line.startsWith('“'))).toHaveLength(3);
      // The first query is about robots, and a made-up embedding is good enough to find one.
      expect(printed.out.find((line) => /^ +0\.\d+/.test(line))).toMatch(/Robot/);
    }
  });
});

describe('the address of an instance', () => {
  it.each([
    ['{"url":"http://127.0.0.1:9"}', 'http://127.0.0.1:9'],
    ['{"url":', 'http://127.0.0.1:15002'],
    ['{}', 'http://127.0.0.1:15002'],
    ['null', 'http://127.0.0.1:15002'],
  ])('is read from its state: %s', async (state, url) => {
    await using data = await temporaryDirectory();
    expect(await instanceUrl(data.path)).toBe('http://127.0.0.1:15002');
    await mkdir(join(data.path, 'run'));
    await writeFile(join(data.path, 'run', 'state.json'), state);
    expect(await instanceUrl(data.path)).toBe(url);
  });
});

function program(): Command {
  const made = new Command('vectorizer').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const register of [registerLoad, registerRecall, registerDemo]) register(made);
  made.commands.forEach((command) => command.exitOverride().configureOutput({ writeErr: () => undefined }));
  return made;
}

describe('the command line', () => {
  it.each([
    [['load', 'a.f32'], /required option '--collection/],
    [['load', 'a.f32', '--collection', 'c', '--batch', '0'], /'0' is invalid. a whole number, 1 to 1000/],
    [['load', 'a.f32', '--collection', 'c', '--batch', '1e2'], /'1e2' is invalid/],
    [['load', 'a.f32', '--collection', 'c', '--metric', 'taxi'], /Allowed choices are cosine, dot, euclidean/],
    [['recall', '--collection', 'c', '--queries', 'q', '--truth', 't', '--k', '-1'], /'-1' is invalid/],
    [['demo', '--url', 'localhost:15002'], /is invalid. such as http/],
  ])('refuses what it does not understand: %j', async (words, message) => {
    await expect(program().parseAsync(words, { from: 'user' })).rejects.toThrow(message);
  });

  it('finds the instance of a data directory, and reports a failure in one line', async () => {
    await using setup = await setUp();
    await using data = await temporaryDirectory();
    await mkdir(join(data.path, 'run'));
    await writeFile(join(data.path, 'run', 'state.json'), JSON.stringify({ url: setup.server.url }));
    const words = [
      'recall',
      '--data',
      data.path,
      '--collection',
      'none',
      '--queries',
      setup.queries,
      '--truth',
      setup.truth,
    ];
    const code = process.exitCode;
    await program()
      .parseAsync(words, { from: 'user' })
      .catch((error: unknown) => reportAndExit(error, setup.printed.terminal));
    expect(process.exitCode).toBe(1);
    process.exitCode = code;
    expect(setup.printed.err).toEqual(['vectorizer: no collection none']);
  });
});
