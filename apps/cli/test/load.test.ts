import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { freePort, temporaryDirectory, until } from '@vectorizer/testing';
import { EXIT_INTERRUPTED, load, type LoadOptions } from '../src/data/load.ts';
import { MemoryCollection, startMemoryServer, type Fault, type MemoryServer } from './memory-server.ts';
import { recorded, type Recorded } from './recorded.ts';

const DIMENSION = 4;
const ROWS = 1_234;
/** Short, since nothing is ever on its way in a server that answers from memory. */
const timing = { writeSettleMs: 0, resumeSettleMs: 0 };

function vectorBytes(rows = ROWS, bad: readonly number[] = []): Buffer {
  const values = Float32Array.from({ length: rows * DIMENSION }, (_, place) => Math.sin(place));
  for (const row of bad) values[row * DIMENSION] = NaN;
  return Buffer.from(values.buffer);
}
const payloadText = (rows = ROWS): string =>
  Array.from({ length: rows }, (_, row) => `{"row": ${row}, "text": "${'ä'.repeat(row % 50)}"}\n`).join('');

type Setup = AsyncDisposable & {
  readonly server: MemoryServer;
  readonly printed: Recorded;
  readonly path: (name: string, bytes: Uint8Array | string) => Promise<string>;
  readonly collection: () => MemoryCollection;
  readonly load: (options: Partial<LoadOptions> & { file: string }) => Promise<number>;
};

async function setUp(): Promise<Setup> {
  const directory = await temporaryDirectory();
  const server = await startMemoryServer();
  const printed = recorded();
  const defaults = {
    collection: 'c',
    dimension: DIMENSION,
    batch: 100,
    url: server.url,
    stop: new AbortController().signal,
  };
  return {
    server,
    printed,
    path: async (name, bytes) => {
      const path = join(directory.path, name);
      await writeFile(path, bytes);
      return path;
    },
    collection: () => server.collections.get('c') ?? new MemoryCollection({ dimension: 0 }),
    load: async (options) => load({ ...defaults, timing, patienceMs: 2_000, ...options }, printed.terminal),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What an undisturbed load of the same files comes to. */
async function undisturbed(options: {
  bad?: readonly number[];
  payload?: string;
}): Promise<{ hash: string; log: string[][] }> {
  await using setup = await setUp();
  const file = await setup.path('a.f32', vectorBytes(ROWS, options.bad));
  const payload = options.payload === undefined ? {} : { payload: await setup.path('p.jsonl', options.payload) };
  await setup.load({ file, ...payload });
  return { hash: setup.collection().stateHash, log: setup.collection().log };
}

describe('load', () => {
  it('creates the collection and loads every row, a batch in each entry', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    expect(await setup.load({ file, metric: 'dot' })).toBe(0);
    const { config, points, log } = setup.collection();
    expect(config).toMatchObject({ dimension: DIMENSION, metric: 'dot' });
    expect(points.size).toBe(ROWS);
    expect(log.map((ids) => ids.length)).toEqual([...Array.from({ length: 12 }, () => 100), 34]);
    expect(setup.printed.out).toEqual([
      expect.stringMatching(/^loaded 1234 points into c \(0 refused\) in \d+\.\d s, \d+ points\/s$/),
    ]);
  });

  it('loads payloads beside vectors, also compressed, and only the first rows when asked', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    const payload = await setup.path('p.jsonl.gz', gzipSync(payloadText()));
    expect(await setup.load({ file, payload, limit: 150 })).toBe(0);
    expect(setup.collection().points.size).toBe(150);
    expect(setup.collection().points.get('149')?.payload).toEqual({ row: 149, text: 'ä'.repeat(49) });
  });

  it('keeps batches of heavy rows within one entry', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes(100));
    const line = JSON.stringify({ text: 'x'.repeat(60_000) });
    const payload = await setup.path('p.jsonl', Array.from({ length: 100 }, () => line).join('\n'));
    expect(await setup.load({ file, payload })).toBe(0);
    expect(setup.collection().log.map((ids) => ids.length)).toEqual(Array.from({ length: 20 }, () => 5));
  });

  it('loads JSON lines under their own ids and takes the dimension from them', async () => {
    await using setup = await setUp();
    const lines = ['{"id":"x","vector":[1,2],"payload":{"a":1}}', '{oops', '{"vector":[3,4]}', '{"vector":[3]}'];
    const file = await setup.path('a.jsonl', lines.join('\n'));
    const options = { collection: 'c', batch: 100, url: setup.server.url, stop: new AbortController().signal, timing };
    expect(await load({ file, ...options }, setup.printed.terminal)).toBe(1);
    expect([...setup.collection().points.keys()]).toEqual(['x', '2']);
    expect(setup.printed.err).toEqual([
      expect.stringMatching(/^refused row 1: not JSON/),
      'refused row 3: vector: wrong dimension',
    ]);
  });

  it('reports refused rows by number, the first twenty and then how many, and loads the rest', async () => {
    await using setup = await setUp();
    const bad = Array.from({ length: 30 }, (_, place) => place * 40 + 7);
    const file = await setup.path('a.f32', vectorBytes(ROWS, bad));
    expect(await setup.load({ file })).toBe(1);
    expect(setup.collection().points.size).toBe(ROWS - 30);
    expect(setup.printed.err).toEqual([
      ...bad.slice(0, 20).map((row) => `refused row ${row}: vector: expected finite numbers`),
      '10 more rows were refused',
    ]);
    expect(setup.printed.out[0]).toContain('loaded 1204 points into c (30 refused)');
  });

  it('refuses a collection of another dimension or metric in one sentence', async () => {
    await using setup = await setUp();
    setup.server.collections.set('c', new MemoryCollection({ dimension: 3 }));
    const file = await setup.path('a.f32', vectorBytes());
    await expect(setup.load({ file, metric: 'dot' })).rejects.toThrow(
      'collection c: its dimension is 3, not 4; its metric is cosine, not dot',
    );
  });

  it('refuses to load over other points of the same ids', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    await setup.load({ file });
    const other = await setup.path('b.f32', vectorBytes(2_000).subarray(16));
    await expect(setup.load({ file: other })).rejects.toThrow('c holds another point under the id "0" of row 0');
    expect(setup.collection().log).toHaveLength(13);
  });

  it('stops with a clear error where payloads end before vectors', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    const payload = await setup.path('p.jsonl', payloadText(50));
    await expect(setup.load({ file, payload })).rejects.toThrow(/p\.jsonl: it ends after 50 rows/);
  });

  it('says at once that no server is there', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(setup.load({ file, url, patienceMs: 200 })).rejects.toThrow(
      /gave up after 0 s: no answer .*ECONNREFUSED/,
    );
  });
});

describe('an interrupted load', () => {
  it.each<[string, { payload?: string; bad?: number[] }]>([
    ['plain vectors', {}],
    ['payloads', { payload: payloadText() }],
    ['refused rows', { bad: [0, 5, 250, ...Array.from({ length: 200 }, (_, place) => 400 + place)] }],
  ])('goes on to the state of an undisturbed one: %s', async (_, content) => {
    const expected = await undisturbed(content);
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes(ROWS, content.bad));
    const payload = content.payload === undefined ? {} : { payload: await setup.path('p.jsonl', content.payload) };
    for (const writes of [1, 3, 1, 2]) {
      const controller = new AbortController();
      let seen = 0;
      setup.server.fault = () => {
        seen += 1;
        if (seen === writes) controller.abort();
        return undefined;
      };
      expect(await setup.load({ file, ...payload, stop: controller.signal })).toBe(EXIT_INTERRUPTED);
      expect(setup.printed.err.at(-1)).toMatch(/^interrupted: \d+ rows are dealt with; the same command goes on/);
    }
    await setup.load({ file, ...payload });
    expect(setup.collection().log).toEqual(expected.log);
    expect(setup.collection().stateHash).toBe(expected.hash);
    const before = setup.printed.out.length;
    await setup.load({ file, ...payload });
    expect(setup.printed.out[before]).toContain('loaded 0 points into c');
    expect(setup.collection().log).toEqual(expected.log);
  });

  it('finds where to go on in a long file by few questions', async () => {
    await using setup = await setUp();
    const rows = 200_000;
    const file = await setup.path('a.f32', vectorBytes(rows));
    await setup.load({ file, batch: 1_000, limit: 150_000 });
    let questions = 0;
    setup.server.onRequest = (route) => {
      if (route.endsWith('/get')) questions += 1;
    };
    expect(await setup.load({ file, batch: 1_000 })).toBe(0);
    expect(setup.collection().log.map((ids) => ids.length)).toEqual(Array.from({ length: 200 }, () => 1_000));
    expect(setup.printed.err).toContain('going on from row 150000: what comes before is in c already');
    expect(questions).toBeLessThan(20);
  });

  it('goes on in JSON lines with ids of their own', async () => {
    await using setup = await setUp();
    const lines = Array.from({ length: 500 }, (_, row) => JSON.stringify({ id: `x${row}`, vector: [row, 1, 1, 1] }));
    const file = await setup.path('a.jsonl', lines.join('\n'));
    await setup.load({ file, limit: 300 });
    expect(await setup.load({ file })).toBe(0);
    expect(setup.collection().log.map((ids) => ids.length)).toEqual([100, 100, 100, 100, 100]);
  });

  it('does not take a row that somebody else wrote for its own progress', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    const foreign = new MemoryCollection({ dimension: DIMENSION });
    foreign.points.set('1100', { version: 1, vector: [1, 2, 3, 4], payload: null });
    setup.server.collections.set('c', foreign);
    await setup.load({ file });
    expect(setup.collection().points.size).toBe(ROWS);
  });
});

describe('a load that is disturbed', () => {
  it.each<[Fault]>([['answer lost'], ['never arrives'], ['refused'], ['logged, not applied']])(
    'comes to the state of an undisturbed one: %s',
    async (fault) => {
      const expected = await undisturbed({ bad: [205] });
      await using setup = await setUp();
      const file = await setup.path('a.f32', vectorBytes(ROWS, [205]));
      setup.server.fault = (request) => (request % 3 === 0 ? fault : undefined);
      expect(await setup.load({ file })).toBe(1);
      expect(setup.collection().log).toEqual(expected.log);
      expect(setup.collection().stateHash).toBe(expected.hash);
      expect(setup.printed.out[0]).toContain('loaded 1233 points into c (1 refused)');
    },
  );

  it('sends only what is missing when a batch was logged in part', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes(200));
    setup.server.fault = (request) => (request === 2 ? 'even ids only' : undefined);
    expect(await setup.load({ file })).toBe(0);
    const { log } = setup.collection();
    expect(log.map((ids) => ids.length)).toEqual([100, 50, 50]);
    expect(log[2]).toEqual(Array.from({ length: 50 }, (_, place) => String(101 + 2 * place)));
  });

  it('counts a row as loaded when the request that was given up arrives before its repetition', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes(100));
    const late: string[] = [];
    setup.server.fault = (request) => (request === 1 ? 'never arrives' : undefined);
    setup.server.onRequest = (route) => {
      // What was asked whether it is there arrives right after the answer, before the second attempt is done.
      if (!route.endsWith('/vectors') || late.length > 0) return;
      late.push(route);
      setup.server.onRequest = (next) => {
        if (next.endsWith('/vectors')) setup.collection().points.set('3', { version: 1, vector: [], payload: null });
      };
    };
    expect(await setup.load({ file })).toBe(0);
    expect(setup.printed.out[0]).toContain('loaded 100 points into c (0 refused)');
  });

  it('waits for a server that restarts', async () => {
    const expected = await undisturbed({});
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    const gone = Promise.withResolvers<void>();
    setup.server.fault = (request) => {
      if (request === 5) gone.resolve();
      return request === 5 ? 'answer lost' : undefined;
    };
    const loading = setup.load({ file, patienceMs: 20_000 });
    await gone.promise;
    await setup.server[Symbol.asyncDispose]();
    await until(() => setup.printed.err.some((line) => line.startsWith('waiting for the server')));
    await using again = await startMemoryServer(setup.server.port, setup.server.collections);
    expect(await loading).toBe(0);
    expect(again.collections.get('c')?.stateHash).toBe(expected.hash);
  });

  it('gives up on a server that stays away, and says how far it came', async () => {
    await using setup = await setUp();
    const file = await setup.path('a.f32', vectorBytes());
    setup.server.fault = (request) => (request < 4 ? undefined : 'never arrives');
    await expect(setup.load({ file, patienceMs: 300 })).rejects.toThrow(
      /gave up after 0 s: no answer.*; 300 rows are dealt with; the same command goes on from there/,
    );
  });
});
