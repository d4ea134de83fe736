import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient, type Fetch } from '@vectorizer/client';
import { routes } from '@vectorizer/frame';
import { logServerOf } from '../system/log-server.ts';
import { authority } from '../system/secure.ts';
import { startSystem, type System } from '../system/system.ts';
import { consumerOf, tsc, type Consumer } from './consumer.ts';
import { examplesFor } from './examples.ts';
import * as walk from './routes.ts';

const MINUTES_MS = 60_000;
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
const ASK = `const client = new VectorizerClient({ url: process.env.URL });
client.count('consumed').then(async ({ count }) => { console.log(count, new VectorizerError('x', { type: 'not_found', status: 404, details: {}, correlationId: undefined }).retryable); await client.close(); });
`;

let system: System;
let consumer: Consumer;
let env: Record<string, string>;

const stack = new AsyncDisposableStack();

beforeAll(async () => {
  consumer = stack.use(await consumerOf(['client']));
  system = stack.use(await startSystem());
  env = { URL: system.url, ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority }) };
}, 4 * MINUTES_MS);
afterAll(async () => stack.disposeAsync(), MINUTES_MS);

describe('the packed client, outside of the workspace', () => {
  it('brings nothing with it but itself', async () => {
    const { out } = await consumer.run('npm', ['ls', '--all', '--parseable']);
    const installed = out.trim().split('\n').slice(1);
    expect(installed).toEqual([join(consumer.path, 'node_modules/@vectorizer/client')]);
    expect((await consumer.run('ls', [join(installed[0] ?? '', 'dist/esm')])).out).not.toContain('.test.');
  });

  it(
    'is imported, and required, and asks the system',
    async () => {
      await system.client.createCollection({ name: 'consumed', dimension: 2 });
      await system.client.upsert('consumed', [{ id: 'a', vector: [1, 2] }]);
      await consumer.write(
        'ask.mjs',
        `import { VectorizerClient, VectorizerError } from '@vectorizer/client';\n${ASK}`,
      );
      await consumer.write(
        'ask.cjs',
        `const { VectorizerClient, VectorizerError } = require('@vectorizer/client');\n${ASK}`,
      );
      for (const file of ['ask.mjs', 'ask.cjs']) {
        expect(await consumer.run('node', [file], { env })).toEqual({ code: 0, out: '1 false\n', err: '' });
      }
    },
    MINUTES_MS,
  );

  it(
    'has types for both, and its examples fit them and run',
    async () => {
      const { blocks, text } = await examplesFor(system.url);
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
    },
    MINUTES_MS,
  );
});

/** What there is for others than this client: browsers, and clients of older versions. */
const FOR_OTHERS = /^GET \/replication\/|^[A-Z]+ \/(docs|openapi|asyncapi|qdrant|dashboard)/;
/** The id of a replica may be spelled with slashes; it is the same route. */
const OTHER_SPELLING = /\/replicas\/:node\/:collection\/:shard/;

describe('every route of the API', () => {
  it(
    'has a method, which the system answers',
    async () => {
      const { key } = await system.client.keys.create({ name: 'walker', roles: ['admin'] });
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
      await walk.useEvents(client, nats);
      await walk.useSystem(client);
      await client.deleteByFilter('walked', { must: [{ has_id: ['a'] }] });
      await client.deleteCollection('walked');
      expect([...used].toSorted()).toEqual([...wanted].toSorted());
    },
    2 * MINUTES_MS,
  );
});
