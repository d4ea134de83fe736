import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewKey, NumberedAuditEntry } from '@vectorizer/contracts';
import { notServedByQdrant } from '@vectorizer/frame';
import { until } from '@vectorizer/testing';
import { reasons } from '../src/qdrant/not-served.ts';
import { startGateway, type Gateway } from './fixture.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/QDRANT.md'), 'utf8');
type Answer = Awaited<ReturnType<Gateway['app']['inject']>>;
type Asking = { readonly key: string; readonly body?: object; readonly header?: string };

const inDocs = (route: string): string =>
  route
    .replace('/qdrant', '')
    .replace(':collection', '{c}')
    .replaceAll(/:(\w+)/g, '{$1}')
    .replace(/ $/, ' /');
const create = (collection_name: string, alias_name = 'current'): object => ({
  create_alias: { collection_name, alias_name },
});

describe('the interface of Qdrant', () => {
  let gateway: Gateway;
  let root: string;
  beforeAll(async () => {
    gateway = await startGateway();
    root = await makeKey({ name: 'root', rate: { tier: 'unlimited' } });
    for (const name of ['books', 'films']) {
      const body = { vectors: { size: 2, distance: 'Dot' } };
      const { statusCode } = await ask(`PUT /qdrant/collections/${name}`, { key: root, body });
      if (statusCode !== 200) throw new Error(`no collection ${name}: ${statusCode}`);
    }
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  async function makeKey(given: Partial<NewKey>): Promise<string> {
    const key = { name: 'k', roles: ['admin'], collections: ['*'], events: [], rate: { tier: 'default' }, ...given };
    return (await gateway.access.keys.create(key, 'test')).key;
  }

  async function ask(route: string, { key, body, header = 'api-key' }: Asking): Promise<Answer> {
    const [method = 'GET', url = ''] = route.split(' ');
    const headers = { [header]: header === 'authorization' ? `Bearer ${key}` : key };
    return gateway.app.inject({ method: method as 'GET', url, headers, ...(body !== undefined && { payload: body }) });
  }

  it('is described route by route, as served or refused and why', () => {
    const row = /^\| `((?:GET|POST|PUT|PATCH|DELETE) \/[^`]*)` \| (served|refused) \| ?(.*?) ?\|$/gm;
    const told = [...page.matchAll(row)].map(([, route = '', is, why]) => ({ route, is, why }));
    const refused: ReadonlySet<string> = new Set(notServedByQdrant);
    const there = gateway.access.guard.routes
      .filter(({ method, pattern }) => method !== 'HEAD' && /^\/qdrant(\/|$)/.test(pattern) && pattern !== '/qdrant/')
      .map(({ method, pattern }) => `${method} ${pattern}`);
    expect(told.map(({ route, is }) => `${route} ${is}`).toSorted()).toEqual(
      there.map((route) => `${inDocs(route)} ${refused.has(route) ? 'refused' : 'served'}`).toSorted(),
    );
    for (const route of notServedByQdrant) {
      expect(told.find((each) => each.route === inDocs(route))?.why).toBe(reasons[route]);
    }
  });

  it('tells why it has not what it has not', async () => {
    const answer = await ask('POST /qdrant/collections/books/points/discover', { key: root, body: {} });
    expect(answer.statusCode).toBe(501);
    expect(answer.json()).toEqual({
      status: { error: `not supported: ${reasons['POST /qdrant/collections/:collection/points/discover']}` },
      time: expect.any(Number),
    });
    expect(answer.headers['x-correlation-id']).toBeDefined();
  });

  it('takes a key in the header of its clients, and in ours', async () => {
    for (const header of ['api-key', 'x-api-key', 'authorization']) {
      expect((await ask('GET /qdrant/collections', { key: root, header })).statusCode).toBe(200);
      expect((await ask('GET /api/v1/collections', { key: root, header })).statusCode).toBe(200);
    }
    const refused = await ask('GET /qdrant/collections', { key: 'nonsense' });
    expect(refused.statusCode).toBe(401);
    expect(refused.json()).toEqual({ status: { error: 'the key is not good' }, time: expect.any(Number) });
    const headers = { 'api-key': root, 'x-api-key': 'another' };
    expect((await gateway.app.inject({ url: '/qdrant/collections', headers })).statusCode).toBe(401);
    expect((await gateway.app.inject({ url: '/qdrant/' })).json()).toMatchObject({ title: 'vectorizer' });
  });

  it('is found at the root by clients that have no prefix, with the same rules', async () => {
    expect((await ask('GET /collections', { key: root })).json()).toEqual({
      result: { collections: [{ name: 'books' }, { name: 'films' }] },
      status: 'ok',
      time: expect.any(Number),
    });
    expect((await gateway.app.inject({ url: '/' })).json()).toMatchObject({ title: 'vectorizer' });
    expect((await gateway.app.inject({ url: '/collections/books' })).statusCode).toBe(401);
    for (const url of ['/collectionss', '/readyz2', '//', '/api/collections']) {
      expect((await gateway.app.inject({ url })).json()).toMatchObject({ error: { type: 'not_found' } });
    }
  });

  it('charges points, in whatever form they come, and writes them down in the audit log', async () => {
    const key = await makeKey({ name: 'writer' });
    const points = [1, 2, 3].map((id) => ({ id, vector: [1, 0] }));
    const batch = {
      ids: [1, 2],
      vectors: [
        [1, 0],
        [0, 1],
      ],
    };
    const operations = [{ upsert: { points } }, { delete: { points: [7] } }, { clear_payload: { points: [1, 2] } }];
    const left = [];
    for (const [path, body] of [
      ['', { points }],
      ['', { batch }],
      ['/batch', { operations }],
    ] as const) {
      const method = path === '' ? 'PUT' : 'POST';
      const answer = await ask(`${method} /qdrant/collections/books/points${path}`, { key, body });
      expect(answer.statusCode).toBe(200);
      left.push(Number(answer.headers['ratelimit-remaining']));
    }
    const [first = 0, second = 0, third = 0] = left;
    // It fills again meanwhile, at 100 a second.
    expect(first).toBeLessThanOrEqual(197);
    expect(second).toBeLessThan(first + 10);
    expect(third).toBeLessThan(second + 10);
    let counts: (readonly [string, number])[] = [];
    await until(async () => {
      const audit = await ask('GET /api/v1/audit?limit=50', { key: root });
      const { entries } = audit.json<{ entries: readonly NumberedAuditEntry[] }>();
      counts = entries
        .filter(({ actor_name, action }) => actor_name === 'writer' && action.startsWith('vectors.'))
        .map(({ action, count }) => [action, count] as const);
      return counts.length === 3;
    });
    expect(counts).toEqual([
      ['vectors.batch', 6],
      ['vectors.upsert', 2],
      ['vectors.upsert', 3],
    ]);
  });

  it('lets a key name, and give aliases to, only what is in its scope', async () => {
    const key = await makeKey({ collections: ['books*'], rate: { tier: 'unlimited' } });
    const change = async (...actions: object[]): Promise<number> =>
      (await ask('POST /qdrant/collections/aliases', { key, body: { actions } })).statusCode;
    expect(await change(create('books', 'books-now'))).toBe(200);
    expect(await change(create('books', 'films-now'))).toBe(403);
    expect(await change(create('films', 'books-too'))).toBe(403);
    expect(await change(create('books', 'books-2'), create('films', 'books-3'))).toBe(403);
    expect(
      (await ask('POST /qdrant/collections/aliases', { key: root, body: { actions: [create('films', 'movies')] } }))
        .statusCode,
    ).toBe(200);
    expect(await change({ delete_alias: { alias_name: 'movies' } })).toBe(403);
    expect(await change({ rename_alias: { old_alias_name: 'movies', new_alias_name: 'books-4' } })).toBe(403);
    expect(await change({ rename_alias: { old_alias_name: 'books-now', new_alias_name: 'films-4' } })).toBe(403);
    expect((await ask('GET /qdrant/aliases', { key })).json()).toMatchObject({
      result: { aliases: [{ alias_name: 'books-now', collection_name: 'books' }] },
    });
    expect((await ask('GET /qdrant/collections/films', { key })).statusCode).toBe(403);
    expect((await ask('PUT /qdrant/collections/other', { key, body: {} })).statusCode).toBe(403);
    expect((await ask('GET /qdrant/collections', { key })).json()).toMatchObject({
      result: { collections: [{ name: 'books' }] },
    });
  });

  it('switches an alias in one step, and changes nothing when one of its actions is at fault', async () => {
    const change = async (...actions: object[]): Promise<Answer> =>
      ask('POST /qdrant/collections/aliases', { key: root, body: { actions } });
    expect((await change(create('books'))).statusCode).toBe(200);
    expect((await change({ delete_alias: { alias_name: 'current' } }, create('films'))).statusCode).toBe(200);
    expect((await change(create('books'), create('nothing', 'other'))).statusCode).toBe(404);
    expect((await change(create('books'), { delete_alias: { alias_name: 'unknown' } })).statusCode).toBe(404);
    expect((await change({ rename_alias: { old_alias_name: 'current', new_alias_name: 'latest' } })).statusCode).toBe(
      200,
    );
    const { result } = (await ask('GET /qdrant/collections/films/aliases', { key: root })).json<{ result: object }>();
    expect(result).toMatchObject({
      aliases: expect.arrayContaining([{ alias_name: 'latest', collection_name: 'films' }]),
    });
  });

  it('hands on waits, orders and the key of a write, and answers its token', async () => {
    const url = '/qdrant/collections/books/points';
    const headers = { 'api-key': root, 'idempotency-key': 'once' };
    const payload = { points: [{ id: 5, vector: [1, 0], payload: { a: 1 } }] };
    const logged = await gateway.app.inject({ method: 'PUT', url: `${url}?ordering=strong`, headers, payload });
    expect(logged.json()).toMatchObject({ result: { status: 'acknowledged' } });
    expect(gateway.written.at(-1)).toMatchObject({
      request_id: 'once',
      wait: 'logged',
      ops: [{ kind: 'upsert', id: '5', payload: '{"a":1}' }],
    });
    expect(logged.headers).toMatchObject({ 'idempotency-key': 'once', 'x-vectorizer-token': expect.any(String) });
    const applied = await gateway.app.inject({ method: 'PUT', url: `${url}?wait=true&timeout=3`, headers, payload });
    expect(applied.json()).toMatchObject({ result: { operation_id: 1, status: 'completed' } });
    expect(gateway.written.at(-1)?.wait).toBe('applied');
    for (const query of ['wait=yes', 'timeout=0', 'ordering=none', 'w=1']) {
      const refused = await gateway.app.inject({ method: 'PUT', url: `${url}?${query}`, headers, payload });
      expect(refused.statusCode).toBe(400);
    }
  });

  it('writes more than our own interface takes at once in parts, each under a key of its own', async () => {
    const before = gateway.written.length;
    const points = Array.from({ length: 2_500 }, (_, id) => ({ id, vector: [id, 1] }));
    const body = { points };
    expect((await ask('PUT /qdrant/collections/books/points?wait=true', { key: root, body })).statusCode).toBe(200);
    const parts = gateway.written.slice(before);
    expect(parts.map(({ ops }) => ops.length)).toEqual([1_000, 1_000, 500]);
    expect(new Set(parts.map(({ request_id }) => request_id)).size).toBe(3);
    const bad = { points: [...points.slice(0, 1_999), { id: 1_999, vector: [1] }] };
    const refused = await ask('PUT /qdrant/collections/books/points?wait=true', { key: root, body: bad });
    expect(refused.json()).toMatchObject({ status: { error: 'points[1999].vector: expected 2 components, got 1' } });
    expect(gateway.written).toHaveLength(before + 3);
  });

  it.each([
    [
      { vector: [1, 0], params: { hnsw_ef: 99, exact: true } },
      { ef: 99, exact: true, k: 10, with_payload: false },
    ],
    [
      { vector: [1, 0], limit: 3, offset: 4, score_threshold: 0.5, with_payload: ['a'] },
      { k: 7, score_threshold: 0.5, with_payload: true },
    ],
    [
      { vector: { name: '', vector: [1, 0] }, with_vector: true, params: { quantization: { rescore: true } } },
      { k: 10, with_vector: true },
    ],
  ])('asks for %j as ours', async (body, expected) => {
    expect((await ask('POST /qdrant/collections/books/points/search', { key: root, body })).statusCode).toBe(200);
    expect(gateway.searched.at(-1)?.searches).toEqual([expect.objectContaining(expected)]);
    expect(gateway.searched.at(-1)?.searches[0]).not.toHaveProperty('quantization');
  });

  it.each([
    ['points/search', { vector: [1, 0], limit: 900, offset: 101 }, 'limit and offset, together: '],
    ['points/search', { vector: [1, 0], params: { hnsw_ef: 0 } }, 'params.hnsw_ef: '],
    ['points/search', { vector: { name: 'image', vector: [1, 0] } }, 'vector.name: not supported'],
    ['points/search', { vector: { name: '', vector: { indices: [1], values: [1] } } }, 'vector.vector: sparse vectors'],
    ['points/search', { vector: [1, 0], using: 'image' }, 'using: unknown field'],
    ['points/search', { vector: [1, 0], shard_key: 'a' }, 'shard_key: not supported'],
    ['points/search/batch', { searches: [{ vector: [1] }] }, 'searches[0].vector: expected 2 components'],
    [
      'points/search/batch',
      { searches: [{ vector: [1, 0], limit: 1_001 }] },
      'searches[0].limit and offset, together: ',
    ],
    [
      'points/query',
      {
        query: [
          [1, 0],
          [0, 1],
        ],
      },
      'query: several vectors of one point',
    ],
    ['points/query', { query: { text: 'x', model: 'y' } }, 'query: texts and images'],
    ['points/query', { query: '42' }, 'query: expected an unsigned integer'],
    ['points/query', { query: [1, 0], using: 'image' }, 'using: not supported'],
    ['points/query', { query: { nearest: [1, 0], mmr: { diversity: 2 } } }, 'query.mmr.diversity: '],
    ['points/query', { query: { recommend: { positive: [] } } }, 'positive: must not be empty'],
    [
      'points/query',
      { query: { recommend: { positive: [1], strategy: 'best_score' } } },
      'query.recommend.strategy: not supported',
    ],
    ['points/query', { query: { order_by: 'a' } }, 'query.order_by: not supported'],
    ['points/scroll', { order_by: 'a' }, 'order_by: the key has no index of numbers or times'],
    ['points/scroll', { offset: -1 }, 'offset: expected an unsigned integer'],
    ['points', { ids: [2 ** 60] }, 'ids[0]: expected an unsigned integer'],
    ['points/delete', {}, 'points: expected either points or filter'],
    ['points/delete', { filter: {} }, 'filter: must have at least one condition'],
    ['points/payload', { payload: { a: 1 }, points: [1], key: 'b' }, 'key: not supported'],
    ['points/payload', { payload: [1], points: [1] }, 'points[0].payload: expected a JSON object'],
    ['points/payload/delete', { keys: ['a.b'], points: [1] }, 'keys[0]: not supported below the top'],
    ['points/batch', { operations: [{ delete_vectors: {} }] }, 'operations[0].delete_vectors: not supported'],
    [
      'points/batch',
      { operations: [{ upsert: { points: [{ id: 1, vector: {} }] } }] },
      'operations[0].upsert.points[0].vector: named',
    ],
    ['facet', { key: 'a', limit: 0 }, 'limit: '],
  ])('refuses %s with %j', async (path, body, message) => {
    const answer = await ask(`POST /qdrant/collections/books/${path}`, { key: root, body });
    expect(answer.json()).toEqual({ status: { error: expect.stringContaining(message) }, time: expect.any(Number) });
    expect(answer.statusCode).toBe(400);
  });

  it.each([
    [{ vectors: { a: { size: 2, distance: 'Dot' } } }, 'vectors: named vectors'],
    [{ vectors: { size: 2, distance: 'Manhattan' } }, 'vectors.distance: expected Cosine'],
    [{ vectors: { size: 0, distance: 'Dot' } }, 'dimension: '],
    [
      { vectors: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } } },
      'vectors.multivector_config: not supported',
    ],
    [{ vectors: { size: 2, distance: 'Dot' }, sparse_vectors: { s: {} } }, 'sparse_vectors: '],
    [
      { vectors: { size: 2, distance: 'Dot' }, quantization_config: { product: { compression: 'x4' } } },
      'quantization_config: expected',
    ],
    [{ vectors: { size: 2, distance: 'Dot' }, sharding_method: 'custom' }, 'sharding_method: not supported'],
    [{ vectors: { size: 2, distance: 'Dot' }, hnsw_config: { m: 1 } }, 'hnsw.m: '],
    [{ vectors: { size: 2, distance: 'Dot' }, metadata: { a: 1 } }, 'metadata: not supported'],
    [
      { vectors: { size: 2, distance: 'Dot' }, strict_mode_config: { enabled: true } },
      'strict_mode_config.enabled: not supported',
    ],
    [{ vectors: { size: 2, distance: 'Dot' }, what: 1 }, 'what: unknown field'],
  ])('makes no collection of %j', async (body, message) => {
    const answer = await ask('PUT /qdrant/collections/refused', { key: root, body });
    expect(answer.json()).toMatchObject({ status: { error: expect.stringContaining(message) } });
    expect(answer.statusCode).toBe(400);
  });

  it('makes what has an equal here, and leaves out what only tunes Qdrant', async () => {
    const body = {
      vectors: { '': { size: 2, distance: 'Euclid', on_disk: true, datatype: 'float16' } },
      hnsw_config: { m: 24, ef_construct: 120, full_scan_threshold: 1 },
      quantization_config: null,
      optimizers_config: { indexing_threshold: 1 },
      wal_config: {},
      shard_number: 2,
      replication_factor: null,
      on_disk_payload: true,
      metadata: {},
    };
    expect((await ask('PUT /qdrant/collections/tuned', { key: root, body })).statusCode).toBe(200);
    const coded = {
      vectors: { size: 2, distance: 'Dot' },
      quantization_config: { binary: { always_ram: true } },
      hnsw_config: { m: 8 },
    };
    expect((await ask('PUT /qdrant/collections/coded', { key: root, body: coded })).statusCode).toBe(200);
    const configOf = (name: string): unknown => gateway.catalog.known(name)?.config;
    expect(configOf('tuned')).toMatchObject({
      dimension: 2,
      metric: 'euclidean',
      kind: 'cpu',
      shards: 2,
      hnsw: { m: 24, ef_construction: 120 },
    });
    expect(configOf('coded')).toMatchObject({ metric: 'dot', kind: 'quantized', quantization: { type: 'binary' } });
    const search = { vector: [1, 0], params: { hnsw_ef: 50, quantization: { oversampling: 2.5 } } };
    expect((await ask('POST /qdrant/collections/coded/points/search', { key: root, body: search })).statusCode).toBe(
      200,
    );
    expect(gateway.searched.at(-1)?.searches[0]).toMatchObject({ quantization: { oversampling: 3 } });
    expect(gateway.searched.at(-1)?.searches[0]).not.toHaveProperty('ef');
    for (const [change, status] of [
      [{ optimizers_config: { indexing_threshold: 5 }, hnsw_config: { m: 24 } }, 200],
      [{ hnsw_config: { m: 25 } }, 400],
      [{ params: { replication_factor: 3 } }, 400],
      [{ quantization_config: { scalar: { type: 'int8' } } }, 400],
    ] as const) {
      expect((await ask('PATCH /qdrant/collections/tuned', { key: root, body: change })).statusCode).toBe(status);
    }
  });
});
