import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { VectorizerClient } from '@vectorizer/client';
import { startSystem, type System } from '../system/system.ts';

const idsOf = (hits: readonly { readonly id: string }[]): string[] => hits.map(({ id }) => id);

describe.each(['standalone', 'cluster'] as const)('a collection through the public API of a %s', (mode) => {
  let system: System;
  let client: VectorizerClient;
  beforeAll(async () => {
    system = await startSystem(mode);
    client = system.client;
  });
  afterAll(async () => system[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const { name } of await client.listCollections()) await client.deleteCollection(name);
    await client.createCollection({ name: 'books', dimension: 2, metric: 'dot', shards: 2 });
    await client.upsert('books', [
      { id: 'dune', vector: [1, 0], payload: { year: 1965, genre: 'sf' } },
      { id: 'emma', vector: [0, 1], payload: { year: 1815, genre: 'novel' } },
      { id: 'solaris', vector: [0.9, 0.1], payload: { year: 1961, genre: 'sf' } },
    ]);
  });

  it('finds what was written, nearest first, with its payload as it was sent', async () => {
    const { hits } = await client.search('books', { vector: [1, 0], k: 2 });
    expect(idsOf(hits)).toEqual(['dune', 'solaris']);
    expect(hits[0]).toMatchObject({ payload: { year: 1965, genre: 'sf' }, score: 1 });
  });

  it('searches only what a filter lets through', async () => {
    const filter = { must: [{ key: 'year', range: { gte: 1950 } }], must_not: [{ has_id: ['dune'] }] };
    const { hits, warnings } = await client.search('books', { vector: [1, 0], k: 3, filter });
    expect(idsOf(hits)).toEqual(['solaris']);
    expect(warnings).toMatchObject([{ code: 'unindexed_filter' }]);
  });

  it('updates a point in one step: vector, payload, or both', async () => {
    const { version } = await client.update('books', { id: 'emma', vector: [2, 0] });
    const moved = await client.search('books', { vector: [1, 0], k: 1 });
    expect(moved.hits).toMatchObject([{ id: 'emma', version, payload: { year: 1815 } }]);
    await client.update('books', { id: 'emma', payload: null });
    expect(await client.getOne('books', 'emma')).toMatchObject({ vector: [2, 0], payload: null });
    await expect(client.update('books', { id: 'nobody', payload: {} })).rejects.toMatchObject({
      type: 'vector_not_found',
      status: 404,
    });
    await expect(
      client.update('books', { id: 'emma', vector: [1, 1], if_version: version ?? 0 }),
    ).rejects.toMatchObject({ type: 'version_conflict', status: 409 });
  });

  it('patches a payload by keys', async () => {
    await client.patch('books', { id: 'dune', merge: { read: true, genre: 'classic' } });
    await client.patch('books', { id: 'dune', delete_keys: ['year'] });
    expect((await client.getOne('books', 'dune')).payload).toEqual({ read: true, genre: 'classic' });
    await client.patch('books', { id: 'dune', replace: { only: 1 } });
    expect((await client.getOne('books', 'dune')).payload).toEqual({ only: 1 });
  });

  it('deletes by id, by ids and by filter', async () => {
    await client.deleteOne('books', { id: 'emma' });
    await expect(client.getOne('books', 'emma')).rejects.toMatchObject({ type: 'vector_not_found' });
    const { results } = await client.delete('books', ['dune', 'nobody']);
    expect(results).toMatchObject([
      { status: 'deleted' },
      { status: 'not_found', error: { type: 'vector_not_found' } },
    ]);
    const done = await client.deleteByFilter('books', { must: [{ key: 'genre', match: { value: 'sf' } }] });
    expect(done).toMatchObject({ status: 'deleted', deleted: 1 });
    expect(await client.count('books')).toEqual({ count: 0 });
  });

  it('answers for each item of a mixed batch, and applies the good ones in order', async () => {
    const { results, succeeded } = await client.batch('books', [
      { op: 'insert', id: 'ubik', vector: [0, 2] },
      { op: 'insert', id: 'dune', vector: [0, 2] },
      { op: 'upsert', id: 'bad', vector: [1, 2, 3] },
      { op: 'payload_merge', id: 'ubik', payload: { year: 1969 } },
      { op: 'delete', id: 'emma' },
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'created',
      'already_exists',
      'rejected',
      'updated',
      'deleted',
    ]);
    expect(results[2]?.error).toMatchObject({ type: 'dimension_mismatch', details: { field: 'operations[2].vector' } });
    expect(succeeded).toBe(3);
    expect(await client.getOne('books', 'ubik')).toMatchObject({ payload: { year: 1969 } });
  });

  it('scrolls through all points in the order of their ids, page by page', async () => {
    const seen: string[] = [];
    for await (const { id } of client.scrollAll('books', { limit: 2 })) seen.push(id);
    expect(seen).toEqual(['dune', 'emma', 'solaris']);
    const filtered = await client.scroll('books', { filter: { must: [{ key: 'genre', match: { value: 'sf' } }] } });
    expect(idsOf(filtered.points)).toEqual(['dune', 'solaris']);
  });

  it('searches a batch in one request, each answered in its place', async () => {
    const { results } = await client.searchBatch('books', {
      searches: [
        { vector: [1, 0], k: 1 },
        { vector: [0, 1], k: 1, exact: true },
      ],
    });
    expect(results.map(({ hits }) => idsOf(hits))).toEqual([['dune'], ['emma']]);
  });

  it('answers a retried request with its first outcome', async () => {
    const options = { idempotencyKey: 'once' };
    const first = await client.insert('books', [{ id: 'ubik', vector: [1, 1] }], options);
    const second = await client.insert('books', [{ id: 'ubik', vector: [1, 1] }], options);
    expect(second.results).toEqual(first.results);
    await expect(client.insert('books', [{ id: 'other', vector: [1, 1] }], options)).resolves.toMatchObject({
      results: [{ status: expect.any(String) }],
    });
  });

  it('lets one of concurrent creations of a name win', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, async () => client.createCollection({ name: 'race', dimension: 3 })),
    );
    const lost = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(lost).toHaveLength(7);
    for (const { reason } of lost) expect(reason).toMatchObject({ type: 'collection_already_exists', status: 409 });
  });

  it('gives a recreated namesake nothing of its predecessor', async () => {
    await client.deleteCollection('books');
    await expect(client.count('books')).rejects.toMatchObject({ type: 'collection_not_found' });
    await client.createCollection({ name: 'books', dimension: 5 });
    expect(await client.count('books')).toEqual({ count: 0 });
  });
});
