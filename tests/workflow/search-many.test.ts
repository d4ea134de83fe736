import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { startSystem, type System } from '../system/system.ts';

const named = (hits: readonly { readonly collection: string; readonly id: string }[]): string[] =>
  hits.map(({ collection, id }) => `${collection}/${id}`);

describe('a cluster that is searched across collections', () => {
  let system: System;
  let client: VectorizerClient;
  beforeAll(async () => {
    system = await startSystem('cluster');
    client = system.client;
    for (const name of ['books', 'films', 'secrets']) await client.createCollection({ name, dimension: 2, shards: 2 });
    await client.upsert('books', [
      { id: 'dune', vector: [1, 0], payload: { year: 1965 } },
      { id: 'emma', vector: [0, 1], payload: { year: 1815 } },
      { id: 'ubik', vector: [0.8, 0.2] },
    ]);
    await client.upsert('films', [
      { id: 'alien', vector: [0.9, 0.1], payload: { year: 1979 } },
      { id: 'clue', vector: [-1, 0], payload: { year: 1985 } },
    ]);
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('finds the best of all, answers the same from the cache, and sees a write to any of them at once', async () => {
    const asked = { vector: [1, 0], k: 3 };
    const first = await client.searchMany(['books', 'films'], asked);
    expect(named(first.hits)).toEqual(['books/dune', 'films/alien', 'books/ubik']);
    expect(first.cache.status).toBe('miss');
    let again = first;
    // Another query process has a memory of its own, and gets what the first has left in the shared cache.
    await until(async () => {
      again = await client.searchMany(['books', 'films'], asked);
      return again.cache.status === 'hit';
    });
    expect(again.hits).toEqual(first.hits);
    expect(again.collections).toMatchObject([
      { collection: 'books', cache: { status: 'hit' } },
      { collection: 'films', cache: { status: 'hit' } },
    ]);
    await client.upsert('films', [{ id: 'blade', vector: [1, 0] }]);
    const changed = await client.searchMany(['books', 'films'], asked);
    expect(named(changed.hits)).toEqual(['films/blade', 'books/dune', 'films/alien']);
    expect(changed.cache.status).toBe('miss');
    expect(changed.collections[0]).toMatchObject({ collection: 'books', cache: { status: 'hit' } });
  });

  it('reads what another client wrote, by the tokens of the collections', async () => {
    await using other = new VectorizerClient({ url: system.urls, ...credentialsFor(system.urls) });
    await client.upsert('books', [{ id: 'new', vector: [0, -1] }], { wait: 'logged' });
    await client.upsert('films', [{ id: 'new', vector: [0, -1] }], { wait: 'logged' });
    for (const name of ['books', 'films']) other.useToken(name, client.token(name) ?? '');
    const { hits } = await other.searchMany(['films', 'books'], { vector: [0, -1], k: 2 });
    expect(named(hits)).toEqual(['films/new', 'books/new']);
    expect(other.token('books')).not.toBe(other.token('films'));
  });

  it('recommends by points, without those', async () => {
    const { hits } = await client.recommend('books', { positive: ['dune', Float32Array.of(1, 0)], negative: ['emma'] });
    const ids = hits.map(({ id }) => id);
    expect(ids[0]).toBe('ubik');
    expect(ids).not.toContain('dune');
    expect(ids).not.toContain('emma');
    await expect(client.recommend('books', { positive: ['nobody'] })).rejects.toMatchObject({
      type: 'vector_not_found',
    });
  });

  it('lets a key search the collections of its scope, together with no other', async () => {
    const { key: root } = await client.keys.create({ name: 'root', roles: ['admin'] });
    await using admin = new VectorizerClient({ url: system.urls, apiKey: root });
    const { key } = await admin.keys.create({ name: 'reader', roles: ['viewer'], collections: ['books', 'films'] });
    await using reader = new VectorizerClient({ url: system.urls, apiKey: key, attempts: 1 });
    const asked = { vector: [1, 0], k: 1 };
    await until(async () =>
      reader.searchMany(['books', 'films'], asked).then(
        ({ hits }) => hits.length === 1,
        () => false,
      ),
    );
    await expect(reader.searchMany(['books', 'secrets'], asked)).rejects.toMatchObject({
      type: 'authorization_error',
      status: 403,
    });
  });
});
