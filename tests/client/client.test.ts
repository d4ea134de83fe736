import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publint } from 'publint';
import { VectorizerClient, type Fetch } from '@vectorizer/client';
import { routes } from '@vectorizer/frame';
import { logServerOf } from '../system/log-server.ts';
import { credentialsFor, lettingIn } from '../system/keys.ts';
import { authority, isSecure } from '../system/secure.ts';
import { startSystem, type System } from '../system/system.ts';
import { consumerOf, tsc, type Consumer, type Printed } from './consumer.ts';
import { examplesFor } from './examples.ts';
import * as walk from './routes.ts';

const COMPILER = {
  strict: true,
  noEmit: true,
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'dom', 'dom.iterable', 'esnext.disposable'],
  types: [],
  // The package's own types are checked, too.
  skipLibCheck: false,
};
const ASK = `const client = new VectorizerClient({ url: process.env.URL, apiKey: process.env.KEY });
client.count('consumed').then(async ({ count }) => { console.log(count, new VectorizerError('x', { type: 'not_found', status: 404, details: {}, correlationId: undefined }).retryable); await client.close(); });
`;

let system: System;
let consumer: Consumer;
let env: Record<string, string>;

const stack = new AsyncDisposableStack();

beforeAll(async () => {
  consumer = stack.use(await consumerOf(['client', 'client-cli']));
  system = stack.use(await startSystem());
  const { apiKey } = credentialsFor(system.url);
  env = {
    URL: system.url,
    ...(apiKey !== undefined && { KEY: apiKey }),
    ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: authority }),
  };
});
afterAll(async () => stack.disposeAsync());

describe('the packed client, outside of the workspace', () => {
  it('brings nothing with it but itself', async () => {
    const { out } = await consumer.run('npm', ['ls', '--all', '--parseable']);
    const installed = out.trim().split('\n').slice(1);
    const names = ['client', 'client-cli'].map((name) => join(consumer.path, 'node_modules/@vectorizer', name));
    expect(installed.toSorted()).toEqual(names);
    expect((await consumer.run('ls', [join(installed[0] ?? '', 'dist/esm')])).out).not.toContain('.test.');
  });

  it.each(['client', 'client-cli'])(
    'has nothing that publint, or any way to resolve its types, finds fault with: %s',
    async (name) => {
      const tarball = await readFile(consumer.tarballs.get(name) ?? '');
      const { messages } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer }, strict: true });
      expect(messages).toEqual([]);
      const types = await checkPackage(createPackageFromTarballData(tarball));
      expect(types.types === false ? [] : types.problems).toEqual([]);
      expect(types.types !== false).toBe(name === 'client');
    },
  );

  it('is imported, and required, and asks the system', async () => {
    await system.client.createCollection({ name: 'consumed', dimension: 2 });
    await system.client.upsert('consumed', [{ id: 'a', vector: [1, 2] }]);
    await consumer.write('ask.mjs', `import { VectorizerClient, VectorizerError } from '@vectorizer/client';\n${ASK}`);
    await consumer.write(
      'ask.cjs',
      `const { VectorizerClient, VectorizerError } = require('@vectorizer/client');\n${ASK}`,
    );
    for (const file of ['ask.mjs', 'ask.cjs']) {
      expect(await consumer.run('node', [file], { env })).toEqual({ code: 0, out: '1 false\n', err: '' });
    }
  });

  it('has types for both, and its examples fit them and run', async () => {
    const { blocks, text } = await examplesFor({ url: system.url, ...credentialsFor(system.url) });
    expect(blocks).toBeGreaterThanOrEqual(10);
    await consumer.write('examples.mts', text);
    await consumer.write(
      'required.cts',
      "import client = require('@vectorizer/client');\nexport const made: client.VectorizerClient = new client.VectorizerClient({ url: 'http://127.0.0.1' });\nexport const year: client.Filter = { must: [{ key: 'year', range: { gte: 1950 } }] };\n",
    );
    await consumer.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER, include: ['*.mts', '*.cts'] }));
    expect(await consumer.run('node', [tsc])).toEqual({ code: 0, out: '', err: '' });
    const { code, out, err } = await consumer.run('node', ['--disable-warning=ExperimentalWarning', 'examples.mts'], {
      env,
    });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain("'dune 0.994'");
    expect(out).toContain("[ { kind: 'delete', id: 'emma' } ]");
    expect(out).toContain('{ count: 2503 }');
  });
});

/** `until`: it is told to end once it has printed that. */
const cli = async (args: readonly string[], input?: string | Buffer, until?: string): Promise<Printed> =>
  consumer.run('node_modules/.bin/vectorizer-client', args, {
    env: { ...env, VECTORIZER_URL: system.url, ...lettingIn(['--url', system.url]) },
    ...(input !== undefined && { input }),
    ...(until !== undefined && { until }),
  });

const done = async (args: readonly string[], input?: string | Buffer): Promise<unknown[]> => {
  const printed = await cli([...args, '--json'], input);
  expect(printed).toMatchObject({ code: 0 });
  return printed.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
};

describe('the packed command line', () => {
  it('is found by npx, tells what there is, and has an exit code for each way to end', async () => {
    const { code, out } = await consumer.run('npx', ['--offline', 'vectorizer-client', '--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('Exit codes: 0 done')]);
    expect(await cli(['collections', 'create', 'cli'])).toMatchObject({ code: 2, out: '' });
    // Regression: it ended without a word.
    expect(await cli(['search', 'cli', '--vector', '1,2'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--vector is a list of numbers'),
    });
    expect(await cli(['collections', 'show', 'nothing'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/collection_not_found/),
    });
    const nobody = await cli(['count', 'cli', '--url', 'http://127.0.0.1:1', '--json']);
    expect([nobody.code, JSON.parse(nobody.err)]).toEqual([
      4,
      { error: expect.objectContaining({ type: 'connection_failed', status: 0 }) },
    ]);
  });

  it('makes a collection, fills it from stdin and files, finds, copies and follows what is in it', async () => {
    await done(['collections', 'create', 'cli', '--dimension', '2', '--metric', 'dot', '--index', 'n:integer']);
    expect(await done(['collections', 'list'])).toContainEqual(expect.objectContaining({ name: 'cli' }));
    const lines = [0, 1, 2].map((n) => JSON.stringify({ id: `p${n}`, vector: [n, 1], payload: { n } }));
    const mixed = await cli(
      ['upsert', 'cli', '--json'],
      `${lines.join('\n')}\nno point\n{"id":"flat","vector":[1,2,3]}\n`,
    );
    expect([mixed.code, JSON.parse(mixed.out)]).toEqual([
      3,
      expect.objectContaining({ points: 5, succeeded: 3, failed: 2 }),
    ]);
    expect(mixed.err).toMatch(/row 3: not JSON.*[^]*flat: .*expected 2 components, got 3/);
    const rows = Buffer.from(Float32Array.of(5, 0, 6, 0).buffer);
    expect(await done(['upsert', 'cli', '-', '--format', 'f32', '--dimension', '2'], rows)).toMatchObject([
      { succeeded: 2 },
    ]);
    expect(await done(['count', 'cli'])).toEqual([{ count: 5 }]);
    const [two, one] = await done([
      'search',
      'cli',
      '--vector',
      '[1, 0]',
      '-k',
      '2',
      '--filter',
      '{"must":[{"key":"n","range":{"gte":0}}]}',
    ]);
    expect([two, one]).toMatchObject([{ id: 'p2', payload: { n: 2 } }, { id: 'p1' }]);
    expect(await done(['search', 'cli', '--like', '1', '-k', '1'])).toMatchObject([{ id: '0' }]);
    expect(await cli(['get', 'cli', 'p0', 'nobody'])).toMatchObject({
      code: 3,
      out: expect.stringContaining('"nobody"'),
    });

    await done(['collections', 'create', 'copy', '--dimension', '2', '--metric', 'dot']);
    const { out } = await cli(['scroll', 'cli']);
    await done(['upsert', 'copy', '-'], out);
    expect(await done(['scroll', 'copy'])).toEqual(await done(['scroll', 'cli']));
    const following = cli(['changes', 'copy', '--from', 'start'], undefined, 'caught-up');
    expect((await following).out).toContain('"event":"points"');
    expect(await done(['delete', 'cli', 'p0'])).toMatchObject([{ succeeded: 1 }]);
  });

  it('tells how the system is, and takes and restores snapshots', async () => {
    expect(await done(['health'])).toMatchObject([{ status: 'healthy' }]);
    expect((await cli(['status'])).out).toMatch(/replica +status[^]*Connected/);
    const [{ id }] = (await done(['snapshots', 'create', 'consumed', '--wait'])) as [{ id: string }];
    await done(['snapshots', 'download', 'consumed', id, '--out', 'consumed.tar']);
    expect((await consumer.run('tar', ['--list', '--file', 'consumed.tar'])).out).toMatch(/^manifest\.json\n/);
    await done(['snapshots', 'restore', 'consumed', id, '--as', 'consumed-again', '--wait']);
    expect(await done(['count', 'consumed-again'])).toEqual([{ count: 1 }]);
    const keys = (await done(['keys', 'list'])) as readonly { readonly name: string }[];
    expect(keys.map(({ name }) => name)).toEqual(isSecure ? ['bootstrap'] : []);
    const [uploaded] = await done(['snapshots', 'upload', 'consumed', 'consumed.tar']);
    expect(uploaded).toMatchObject({ collection: 'consumed', state: 'complete', points: 1 });
  });
});

/** What there is for others than this client: browsers, and clients of older versions. */
const FOR_OTHERS = /^GET \/replication\/|^[A-Z]+ \/(docs|openapi|asyncapi|qdrant|dashboard)/;
/** The id of a replica may be spelled with slashes; it is the same route. */
const OTHER_SPELLING = /\/replicas\/:node\/:collection\/:shard/;

describe('every route of the API', () => {
  it('has a method, which the system answers', async () => {
    const { id, key } = await system.client.keys.create({
      name: 'walker',
      roles: ['admin'],
      events: ['vectorizer.events.walked.*'],
    });
    const used = new Set<string>();
    const wanted = routes.filter((route) => !FOR_OTHERS.test(route) && !OTHER_SPELLING.test(route));
    const patterns = wanted.map((route) => ({
      route,
      pattern: new RegExp(`^${route.replaceAll(/:[a-z]+/g, '[^/]+')}$`),
    }));
    const noting: Fetch = async (url, init) => {
      const asked = `${init.method} ${new URL(url).pathname}`;
      const found = patterns.filter(({ pattern }) => pattern.test(asked)).map(({ route }) => route);
      // Of two that fit, the one without a place for a name.
      used.add(found.toSorted((a, b) => a.split(':').length - b.split(':').length)[0] ?? asked);
      return fetch(url, init);
    };
    await using client = new VectorizerClient({ url: system.url, apiKey: key, fetch: noting });
    await walk.useCollections(client);
    await walk.usePoints(client);
    await walk.useSnapshots(client);
    await walk.useReplication(client);
    await walk.useAccess(client);
    await using nats = await logServerOf(system);
    await walk.useEvents(client, nats, id);
    await walk.useSystem(client);
    await client.deleteByFilter('walked', { must: [{ has_id: ['a'] }] });
    await client.deleteCollection('walked');
    expect([...used].toSorted()).toEqual([...wanted].toSorted());
  });
});
