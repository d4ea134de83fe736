import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QdrantVectorStore } from '@langchain/qdrant';
import { QdrantClient } from '@qdrant/js-client-rest';
import { QdrantClient as PreviousClient } from 'qdrant-client-previous';
import { seededRandom, until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { settled, startSystem, type System } from '../system/system.ts';
import { ToyEmbeddings } from './toy-embeddings.ts';

const UUID = '550e8400-e29b-41d4-a716-446655440000';
const packages = ['@qdrant/js-client-rest', 'qdrant-client-previous'] as const;
const folderOf = (name: string): string => resolve(dirname(createRequire(import.meta.url).resolve(name)), '../..');

type Options = ConstructorParameters<typeof QdrantClient>[0];
/** What both versions have is called alike, and is typed by the newer one. */
const clients = {
  '@qdrant/js-client-rest': (options: Options) => new QdrantClient(options),
  'qdrant-client-previous': (options: Options) => new PreviousClient(options) as unknown as QdrantClient,
};

const textsOf = (documents: readonly { readonly pageContent: string }[]): string[] =>
  documents.map(({ pageContent }) => pageContent);

describe('clients of Qdrant, on a running instance', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  describe.each(packages)('%s', (name) => {
    let client: QdrantClient;
    const books = `books-${packages.indexOf(name)}`;
    beforeAll(() => {
      client = clients[name]({ url: system.url, prefix: 'qdrant', ...credentialsFor(system.url) });
    });

    it('finds a server of a version that goes with its own', async () => {
      const { title, version } = await client.versionInfo();
      expect(title).toBe('vectorizer');
      const { version: own } = JSON.parse(readFileSync(resolve(folderOf(name), 'package.json'), 'utf8')) as {
        version: string;
      };
      const [[major, minor], [ownMajor, ownMinor]] = [version, own].map((text) => text.split('.').map(Number)) as [
        [number, number],
        [number, number],
      ];
      expect(major).toBe(ownMajor);
      expect(Math.abs(minor - ownMinor)).toBeLessThanOrEqual(1);
    });

    it('finds every operation that it has, served or refused with a reason', async () => {
      const text = readFileSync(resolve(folderOf(name), 'dist/esm/openapi/generated_api_client.js'), 'utf8');
      const operations = [...text.matchAll(/\.path\('([^']+)'\)\s*\.method\('(\w+)'\)/g)];
      expect(operations.length).toBeGreaterThan(60);
      const missing: string[] = [];
      for (const [, pattern = '', method = ''] of operations) {
        const path = pattern.replace('{collection_name}', 'nobody-has-this').replaceAll(/\{\w+\}/g, '7');
        const answer = await fetch(`${system.url}/qdrant${path}`, { method: method.toUpperCase() });
        const body = await answer.text();
        if (answer.status === 405 || body.includes('no such route')) missing.push(`${method} ${pattern}`);
        if (answer.status === 501 && !body.includes('not supported: ')) missing.push(`no reason: ${pattern}`);
      }
      expect(missing).toEqual([]);
    });

    it('makes, finds and drops collections', async () => {
      const vectors = { size: 3, distance: 'Cosine' } as const;
      expect(await client.createCollection(books, { vectors, hnsw_config: { m: 12 }, shard_number: 2 })).toBe(true);
      await expect(client.createCollection(books, { vectors })).rejects.toMatchObject({
        status: 409,
        data: { status: { error: `a collection is named ${books}` } },
      });
      expect(await client.recreateCollection(books, { vectors, hnsw_config: { m: 12 }, shard_number: 2 })).toBe(true);
      expect(await client.collectionExists(books)).toEqual({ exists: true });
      expect((await client.getCollections()).collections).toContainEqual({ name: books });
      expect(await client.getCollection(books)).toMatchObject({
        points_count: 0,
        config: { params: { vectors, shard_number: 2 }, hnsw_config: { m: 12, ef_construct: 200 } },
      });
      expect(await client.updateCollection(books, { optimizers_config: { indexing_threshold: 100 } })).toBe(true);
      expect(await client.deleteCollection('nobody-has-this')).toBe(false);
      await expect(client.getCollection('nobody-has-this')).rejects.toMatchObject({ status: 404 });
    });

    it('writes points of every id, as a list and by columns, and reads them as they were', async () => {
      const written = await client.upsert(books, {
        wait: true,
        points: [
          {
            id: 1,
            vector: [1, 0, 0],
            payload: { title: 'Dune', year: 1965, tags: ['sf', 'sand'], at: '2024-01-02T03:04:05Z' },
          },
          {
            id: 42,
            vector: { '': [0.8, 0.6, 0] },
            payload: { title: 'Solaris', year: 1961, tags: ['sf'], place: { lon: 7.4, lat: 46.9 } },
          },
        ],
      });
      expect(written).toMatchObject({ status: 'completed' });
      await client.upsert(books, {
        wait: true,
        batch: {
          ids: [UUID.toUpperCase(), 3],
          vectors: [
            [0, 1, 0],
            [0, 0, 1],
          ],
          payloads: [{ title: 'Emma', year: 1815, tags: [] }, {}],
        },
      });
      const points = await client.retrieve(books, {
        ids: [42, 7, UUID, 1],
        with_vector: true,
        with_payload: ['title'],
      });
      expect(points.map(({ id }) => id)).toEqual([42, UUID, 1]);
      expect(points[1]).toEqual({ id: UUID, payload: { title: 'Emma' }, vector: [0, 1, 0] });
      expect(await system.client.getOne(books, '42')).toMatchObject({ id: '42', payload: { title: 'Solaris' } });
      await system.client.upsert(books, [{ id: 'of our own', vector: [0, 0, -1] }]);
      expect(await client.retrieve(books, { ids: ['of our own'] })).toEqual([{ id: 'of our own', payload: {} }]);
      await client.delete(books, { wait: true, points: ['of our own', 12_345] });
      expect(await client.count(books)).toEqual({ count: 4 });
      await expect(client.upsert(books, { points: [{ id: 9, vector: [1] }] })).rejects.toMatchObject({
        status: 400,
        data: { status: { error: 'points[0].vector: expected 3 components, got 1' } },
      });
    });

    it('pages through points, each once', async () => {
      const seen: unknown[] = [];
      let offset: string | number | Record<string, unknown> | null | undefined;
      do {
        const page = await client.scroll(books, {
          limit: 1,
          with_payload: false,
          ...(offset ? { offset: offset as number } : {}),
        });
        seen.push(...page.points.map(({ id }) => id));
        offset = page.next_page_offset;
      } while (offset !== null && offset !== undefined);
      expect(seen).toEqual([1, 3, 42, UUID]);
      expect((await client.scroll(books, { offset: 42, limit: 1 })).points).toMatchObject([{ id: 42 }]);
    });

    it.each([
      ['match', { must: [{ key: 'tags', match: { value: 'sand' } }] }, [1]],
      ['any', { should: [{ key: 'title', match: { any: ['Emma', 'Dune'] } }] }, [1, UUID]],
      ['except', { must: [{ key: 'title', match: { except: ['Emma'] } }] }, [1, 42]],
      ['range', { must: [{ key: 'year', range: { gt: 1900, lt: 1965 } }] }, [42]],
      ['times', { must: [{ key: 'at', range: { gte: '2024-01-02', lt: '2024-01-03 00:00:00' } }] }, [1]],
      ['radius', { must: [{ key: 'place', geo_radius: { center: { lon: 7.4, lat: 46.8 }, radius: 20_000 } }] }, [42]],
      [
        'box',
        {
          must: [
            { key: 'place', geo_bounding_box: { top_left: { lon: 7, lat: 47 }, bottom_right: { lon: 8, lat: 46 } } },
          ],
        },
        [42],
      ],
      ['values_count', { must: [{ key: 'tags', values_count: { gte: 2 } }] }, [1]],
      ['is_empty', { must: [{ is_empty: { key: 'tags' } }] }, [3, UUID]],
      ['is_null', { must_not: [{ is_null: { key: 'title' } }, { has_id: [1, UUID] }] }, [3, 42]],
      [
        'min_should',
        {
          min_should: {
            conditions: [
              { key: 'year', range: { gt: 1900 } },
              { key: 'tags', match: { value: 'sand' } },
              { has_id: [3] },
            ],
            min_count: 2,
          },
        },
        [1],
      ],
    ])('filters by %s', async (_, filter, ids) => {
      const { points } = await client.scroll(books, { filter, with_payload: false });
      expect(points.map(({ id }) => id)).toEqual(ids);
      expect(await client.count(books, { filter, exact: true })).toEqual({ count: ids.length });
    });

    it('searches by vectors, points and examples', async () => {
      const near = await client.query(books, { query: [1, 0.1, 0], limit: 2, with_payload: true, with_vector: true });
      expect(near.points).toMatchObject([
        { id: 1, payload: { title: 'Dune' }, vector: [1, 0, 0] },
        { id: 42, payload: { title: 'Solaris' } },
      ]);
      const idsOf = async (asked: Parameters<typeof client.query>[1]): Promise<unknown[]> =>
        (await client.query(books, asked)).points.map(({ id }) => id);
      expect(await idsOf({ query: 1, limit: 2 })).toEqual([42, 3]);
      expect(await idsOf({ query: { nearest: UUID }, limit: 1 })).toEqual([42]);
      expect(await idsOf({ query: { recommend: { positive: [1, [1, 0, 0]], negative: [UUID] } }, limit: 1 })).toEqual([
        42,
      ]);
      expect(await idsOf({ query: [1, 0, 0], limit: 2, offset: 1, params: { exact: true, hnsw_ef: 32 } })).toEqual([
        42, 3,
      ]);
      expect(await idsOf({ query: [1, 0, 0], score_threshold: 0.5 })).toEqual([1, 42]);
      expect(await idsOf({ query: [1, 0, 0], filter: { must: [{ key: 'year', range: { lt: 1900 } }] } })).toEqual([
        UUID,
      ]);
      expect(
        await idsOf({ query: { nearest: [1, 0.9, 0], mmr: { diversity: 1, candidates_limit: 4 } }, limit: 2 }),
      ).toEqual([42, 3]);
      expect(await idsOf({ limit: 2 })).toEqual([1, 3]);
      const batch = await client.queryBatch(books, {
        searches: [{ query: [0, 0, 1], limit: 1 }, { limit: 1 }, { query: 42, limit: 1 }],
      });
      expect(batch.map(({ points }) => points.map(({ id }) => id))).toEqual([[3], [1], [1]]);
      await expect(client.query(books, { query: 777 })).rejects.toMatchObject({ status: 404 });
    });

    it('groups hits by the values of a key', async () => {
      const groupsOf = async (asked: Parameters<typeof client.queryGroups>[1]): Promise<unknown> =>
        (await client.queryGroups(books, asked)).groups.map(({ id, hits }) => [id, hits.map((hit) => hit.id)]);
      expect(await groupsOf({ query: [1, 0, 0], group_by: 'tags' })).toEqual([
        ['sf', [1, 42]],
        ['sand', [1]],
      ]);
      expect(await groupsOf({ query: [0, 1, 0], group_by: 'year', limit: 2, group_size: 1 })).toEqual([
        [1815, [UUID]],
        [1961, [42]],
      ]);
      const recommend = { positive: [1], negative: [UUID] };
      expect(
        await groupsOf({ query: { recommend }, group_by: 'tags[]', filter: { must_not: [{ has_id: [7] }] } }),
      ).toEqual([['sf', [42]]]);
      const { groups } = await client.queryGroups(books, {
        query: 42,
        group_by: 'title',
        limit: 1,
        with_payload: ['year'],
      });
      expect(groups).toMatchObject([{ id: 'Dune', hits: [{ id: 1, payload: { year: 1965 } }] }]);
      expect(groups[0]?.hits[0]?.payload).toEqual({ year: 1965 });
      await expect(client.queryGroups(books, { group_by: 'tags' })).rejects.toMatchObject({
        status: 400,
        data: { status: { error: expect.stringMatching(/^query: must be given/) } },
      });
    });

    it('counts the values of a key', async () => {
      expect(await client.facet(books, { key: 'tags' })).toEqual({
        hits: [
          { value: 'sf', count: 2 },
          { value: 'sand', count: 1 },
        ],
      });
    });

    it('changes payloads and vectors, by ids and by filters', async () => {
      const payloadOf = async (id: number | string): Promise<unknown> =>
        (await client.retrieve(books, { ids: [id] }))[0]?.payload;
      await client.setPayload(books, {
        payload: { read: true },
        filter: { must: [{ key: 'tags', match: { value: 'sf' } }] },
      });
      expect(await payloadOf(42)).toMatchObject({ title: 'Solaris', read: true });
      await client.overwritePayload(books, { payload: { only: 1 }, points: [3] });
      expect(await payloadOf(3)).toEqual({ only: 1 });
      await client.deletePayload(books, { keys: ['read', 'year'], points: [42] });
      expect(await payloadOf(42)).toEqual({ title: 'Solaris', tags: ['sf'], place: { lon: 7.4, lat: 46.9 } });
      await client.clearPayload(books, { points: [3] });
      expect(await payloadOf(3)).toEqual({});
      await client.updateVectors(books, { points: [{ id: 3, vector: [0, 0.6, 0.8] }] });
      expect((await client.query(books, { query: [0, 0.6, 0.8], limit: 1 })).points[0]?.id).toBe(3);
      await expect(client.setPayload(books, { payload: { a: 1 }, points: [4_242] })).rejects.toMatchObject({
        status: 404,
      });
      const done = await client.batchUpdate(books, {
        operations: [
          { upsert: { points: [{ id: 100, vector: [1, 1, 1] }] } },
          { set_payload: { payload: { fresh: true }, points: [100] } },
          { delete: { filter: { must: [{ key: 'fresh', match: { value: true } }] } } },
        ],
      });
      expect(done).toMatchObject([{ status: 'completed' }, { status: 'completed' }, { status: 'completed' }]);
      expect(await client.count(books)).toEqual({ count: 4 });
    });

    it('declares payload indexes', async () => {
      const made = await client.createPayloadIndex(books, { field_name: 'title', field_schema: 'keyword', wait: true });
      expect(made).toMatchObject({ status: 'completed' });
      await client.createPayloadIndex(books, {
        field_name: 'year',
        field_schema: { type: 'integer', lookup: false, range: true },
      });
      expect(await client.getCollection(books)).toMatchObject({
        payload_schema: { title: { data_type: 'keyword', points: 3 }, year: { data_type: 'integer' } },
      });
      const inOrder = async (
        order_by: string | { key: string; direction?: 'desc'; start_from?: number | string },
      ): Promise<unknown> =>
        (await client.scroll(books, { order_by, with_vector: true })).points.map((each) => [each.id, each.order_value]);
      expect(await inOrder('year')).toEqual([
        [UUID, 1815],
        [1, 1965],
      ]);
      expect(await inOrder({ key: 'year', direction: 'desc', start_from: 1900 })).toEqual([[UUID, 1815]]);
      await expect(inOrder('title')).rejects.toMatchObject({
        status: 400,
        data: { status: { error: expect.stringContaining('has no index of numbers or times') } },
      });
      await client.createPayloadIndex(books, { field_name: 'at', field_schema: 'datetime', wait: true });
      expect(await inOrder({ key: 'at', start_from: '2024-01-02' })).toEqual([
        [1, Date.UTC(2024, 0, 2, 3, 4, 5) * 1_000],
      ]);
      await client.deletePayloadIndex(books, 'title');
      await client.deletePayloadIndex(books, 'title');
      expect((await client.getCollection(books)).payload_schema).not.toHaveProperty('title');
      await expect(
        client.createPayloadIndex(books, { field_name: 'title', field_schema: 'text' }),
      ).rejects.toMatchObject({ status: 400 });
    });

    it('gives collections other names', async () => {
      const alias = `${books}-now`;
      await client.updateCollectionAliases({
        actions: [{ create_alias: { collection_name: books, alias_name: alias } }],
      });
      expect(await client.count(alias)).toEqual({ count: 4 });
      const renamed = { old_alias_name: alias, new_alias_name: `${books}-then` };
      await client.updateCollectionAliases({ actions: [{ rename_alias: renamed }] });
      const shown = { alias_name: `${books}-then`, collection_name: books };
      expect(await client.getCollectionAliases(books)).toEqual({ aliases: [shown] });
      expect((await client.getAliases()).aliases).toContainEqual(shown);
      await client.updateCollectionAliases({ actions: [{ delete_alias: { alias_name: `${books}-then` } }] });
      expect(await client.getCollectionAliases(books)).toEqual({ aliases: [] });
    });

    it('takes, lists and removes snapshots', async () => {
      const taken = await client.createSnapshot(books);
      expect(taken?.size).toBeGreaterThan(0);
      expect(await client.listSnapshots(books)).toEqual([taken]);
      const ours = await fetch(`${system.url}/api/v1/collections/${books}/snapshots`);
      expect(await ours.json()).toMatchObject({ snapshots: [{ id: taken?.name, state: 'complete' }] });
      expect(await client.deleteSnapshot(books, taken?.name ?? '')).toBe(true);
      expect(await client.listSnapshots(books)).toEqual([]);
      expect(await client.deleteCollection(books)).toBe(true);
    });
  });

  it('answers the older form of searches', async () => {
    const client = new PreviousClient({ url: system.url, prefix: '/qdrant', ...credentialsFor(system.url) });
    await client.createCollection('older', { vectors: { size: 2, distance: 'Euclid' } });
    await client.upsert('older', {
      wait: true,
      points: [
        { id: 1, vector: [0, 0] },
        { id: 2, vector: [3, 4] },
        { id: 3, vector: [6, 8] },
      ],
    });
    expect(await client.search('older', { vector: [0, 0], limit: 2 })).toMatchObject([
      { id: 1, score: 0 },
      { id: 2, score: 5 },
    ]);
    expect(await client.search('older', { vector: [0, 0], score_threshold: 5 })).toHaveLength(2);
    expect(
      await client.searchBatch('older', { searches: [{ vector: { name: '', vector: [6, 8] }, limit: 1 }] }),
    ).toMatchObject([[{ id: 3 }]]);
    expect(await client.recommend('older', { positive: [1, 3], limit: 1 })).toMatchObject([{ id: 2 }]);
    expect(
      await client.searchPointGroups('older', { vector: [0, 0], group_by: 'kind', limit: 2, group_size: 1 }),
    ).toEqual({ groups: [] });
    await client.setPayload('older', { wait: true, payload: { kind: 'far' }, points: [2, 3] });
    expect(
      await client.searchPointGroups('older', { vector: [0, 0], group_by: 'kind', limit: 2, group_size: 1 }),
    ).toMatchObject({ groups: [{ id: 'far', hits: [{ id: 2, score: 5 }] }] });
    await expect(client.discoverPoints('older', { target: 1, limit: 1 })).rejects.toMatchObject({ status: 501 });
  });

  it('finds what our own interface finds', async () => {
    const random = seededRandom(5);
    const vector = (): number[] => [...random.vector(32)];
    await system.client.createCollection({ name: 'recall', dimension: 32, cache: false });
    const points = Array.from({ length: 3_000 }, (_, id) => ({ id, vector: vector() }));
    const client = new QdrantClient({ url: system.url, ...credentialsFor(system.url) });
    await client.upsert('recall', { wait: true, points });
    await settled(system.client, 'recall');
    const queries = Array.from({ length: 50 }, vector);
    const ours = await Promise.all(
      queries.map(async (each) => system.client.search('recall', { vector: each, k: 10, ef: 32 })),
    );
    const theirs = await client.queryBatch('recall', {
      searches: queries.map((query) => ({ query, limit: 10, params: { hnsw_ef: 32 } })),
    });
    expect(theirs.map((each) => each.points.map(({ id, score }) => [String(id), score]))).toEqual(
      ours.map(({ hits }) => hits.map(({ id, score }) => [id, score])),
    );
  });

  it('is a store of vectors for LangChain, by its url alone', async () => {
    const texts = [
      'the cat sat on the mat',
      'a dog ran in the park',
      'cats and dogs are pets',
      'the market fell today',
    ];
    const store = await QdrantVectorStore.fromTexts(
      texts,
      texts.map((_, n) => ({ n })),
      new ToyEmbeddings(),
      {
        url: system.url,
        ...credentialsFor(system.url),
        collectionName: 'documents',
      },
    );
    expect(textsOf(await store.similaritySearch('where the cat sat', 1))).toEqual([texts[0]]);
    const [[document, score] = []] = await store.similaritySearchWithScore('the market fell today', 1);
    expect(document).toMatchObject({ pageContent: texts[3], metadata: { n: 3 } });
    expect(score).toBeCloseTo(1, 5);
    const filter = { must: [{ key: 'metadata.n', match: { any: [1, 2] } }] };
    expect(textsOf(await store.similaritySearch('the cat', 4, filter)).toSorted()).toEqual([texts[1], texts[2]]);
    const diverse = await store.maxMarginalRelevanceSearch('the cat sat on the mat', { k: 2, fetchK: 4, lambda: 0.9 });
    expect(textsOf(diverse)[0]).toBe(texts[0]);
    await store.addDocuments([{ pageContent: 'a bird sang', metadata: { n: 4 } }], {
      ids: [UUID],
      customPayload: [{ own: true }],
    });
    await store.delete({ filter: { must: [{ key: 'metadata.n', match: { value: 3 } }] } });
    await store.delete({ ids: [UUID] });
    expect(textsOf(await store.similaritySearch('anything', 9)).toSorted()).toEqual(texts.slice(0, 3).toSorted());
    await expect(store.addVectors([[1, 2]], [{ pageContent: 'x', metadata: {} }])).rejects.toThrow(
      /^400 .*expected 128 components/,
    );
    const existing = await QdrantVectorStore.fromExistingCollection(new ToyEmbeddings(), {
      client: new QdrantClient({ url: system.url, prefix: 'qdrant', ...credentialsFor(system.url) }),
      collectionName: 'documents',
    });
    expect(textsOf(await existing.similaritySearch('dogs', 1))).toEqual([texts[2]]);
  });

  it('lets in whoever brings a key, once there are keys', async () => {
    const { key } = await system.client.keys.create({ name: 'root', roles: ['admin'] });
    const at = { url: system.url, prefix: 'qdrant', checkCompatibility: false };
    const stranger = new QdrantClient({ ...at, apiKey: 'nonsense' });
    await until(async () => (await stranger.getCollections().catch((error: unknown) => error)) instanceof Error);
    await expect(stranger.getCollections()).rejects.toMatchObject({
      status: 401,
      data: { status: { error: 'the key is not good' } },
    });
    const known = new QdrantClient({ ...at, apiKey: key });
    expect((await known.getCollections()).collections).toContainEqual({ name: 'documents' });
    expect((await known.versionInfo()).title).toBe('vectorizer');
  });
});
