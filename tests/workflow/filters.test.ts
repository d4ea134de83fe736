import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PayloadIndex, SearchInput, VectorizerClient } from '@vectorizer/client';
import { seededRandom, until } from '@vectorizer/testing';
import { startSystem, type System } from '../system/system.ts';

type Filter = NonNullable<SearchInput['filter']>;

const POINTS = 3_000;
const INDEXES: PayloadIndex[] = [
  { key: 'genre', type: 'keyword' },
  { key: 'year', type: 'integer' },
  { key: 'about.price', type: 'float' },
  { key: 'read', type: 'bool' },
  { key: 'added', type: 'datetime' },
  { key: 'shop', type: 'geo' },
];
/** Rare and common, on every type of index, with and without what only the payloads can tell. */
const FILTERS: readonly Filter[] = [
  { must: [{ key: 'genre', match: { value: 'g7' } }] },
  { must: [{ key: 'genre', match: { except: ['g0', 'g1'] } }], must_not: [{ key: 'year', range: { lt: 1_900 } }] },
  { must: [{ key: 'year', range: { gte: 1_850, lt: 1_853 } }] },
  {
    should: [
      { key: 'about.price', range: { gt: 95 } },
      { key: 'read', match: { value: false } },
    ],
  },
  {
    must: [
      { key: 'added', range: { gte: '2026-01-20T00:00:00Z' } },
      { key: 'year', exists: true },
    ],
  },
  { must: [{ key: 'shop', geo_radius: { center: { lat: 47, lon: 8 }, radius_m: 120_000 } }] },
  {
    must: [
      { key: 'genre', match: { value: 'g3' } },
      { key: 'note', match: { value: 'n1' } },
    ],
  },
  { must_not: [{ key: 'genre', exists: true }] },
];

const random = seededRandom(7);
const pointOf = (i: number): { id: string; vector: Float32Array; payload: Record<string, never> } => {
  const payload = {
    ...(i % 11 === 0 ? {} : { genre: i % 13 === 0 ? ['g1', `g${i % 50}`] : `g${i % 50}` }),
    year: 1_800 + (i % 200),
    about: { price: (i * 7) % 100 },
    read: i % 20 !== 0,
    added: new Date(Date.UTC(2026, 0, 1 + (i % 28))).toISOString(),
    shop: { lat: 40 + (i % 150) / 10, lon: (i % 97) / 5 },
    note: `n${i % 3}`,
  };
  return { id: `p${i}`, vector: random.vector(8), payload: payload as unknown as Record<string, never> };
};

async function write(client: VectorizerClient, from: number, to: number): Promise<void> {
  const points = Array.from({ length: to - from }, (_, i) => pointOf(from + i));
  const { failed } = await client.upsert('books', points);
  if (failed > 0) throw new Error(`${failed} points were refused`);
}

type Seen = { readonly count: number; readonly scrolled: readonly string[]; readonly found: readonly string[] };

/** What each filter lets through: by a count, by a scroll, and by an exact search. */
async function seenThrough(client: VectorizerClient): Promise<Seen[]> {
  const vector = Array.from({ length: 8 }, (_, i) => i - 3);
  return Promise.all(
    FILTERS.map(async (filter) => {
      const { count } = await client.count('books', { filter });
      const scrolled = await Array.fromAsync(client.scrollAll('books', { filter, limit: 40 }), ({ id }) => id);
      const { hits } = await client.search('books', { vector, k: 20, filter, exact: true });
      return { count, scrolled, found: hits.map(({ id }) => id) };
    }),
  );
}

async function allReady(client: VectorizerClient): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const indexes = await client.listPayloadIndexes('books');
    return indexes.length > 0 && indexes.every(({ state }) => state === 'ready');
  };
  await until(ready, { what: 'the payload indexes being ready' });
}

/** The fields that a search by the filter is warned about. */
async function warnedOf(client: VectorizerClient, filter: Filter): Promise<readonly string[]> {
  const { warnings = [] } = await client.search('books', { vector: [1, 0, 0, 0, 0, 0, 0, 0], filter });
  return warnings.flatMap(({ fields }) => fields);
}

describe('filters through the public API', () => {
  let system: System;
  let client: VectorizerClient;
  beforeAll(async () => {
    system = await startSystem();
    client = system.client;
    await client.createCollection({ name: 'books', dimension: 8, metric: 'dot', shards: 2 });
    for (let from = 0; from < POINTS; from += 500) await write(client, from, from + 500);
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('find the same before, while and after their indexes are declared, and after a restart', async () => {
    const both = FILTERS[6] ?? {};
    expect(await warnedOf(client, both)).toEqual(['genre', 'note']);
    for (const index of INDEXES) await client.putPayloadIndex('books', index);
    // Some of these are written before the indexes have come to their old versions, some after.
    for (let from = 0; from < POINTS; from += 500) await write(client, from + 250, from + 500);
    await client.delete(
      'books',
      Array.from({ length: 100 }, (_, i) => `p${i * 30}`),
    );
    await allReady(client);
    const indexed = await seenThrough(client);
    expect(await warnedOf(client, both)).toEqual(['note']);
    await system.killEverything();
    await system.up();
    await allReady(client);
    expect(await seenThrough(client)).toEqual(indexed);
    for (const { key } of INDEXES) await client.deletePayloadIndex('books', key);
    await until(async () => (await warnedOf(client, both)).length === 2, { what: 'the warnings' });
    const unindexed = await seenThrough(client);
    expect(unindexed).toEqual(indexed);
    expect(unindexed.every(({ count, scrolled }) => count > 0 && count === scrolled.length)).toBe(true);
  });

  it('delete the same with and without an index', async () => {
    const filter = {
      must: [{ key: 'year', range: { lt: 1_810 } }],
      must_not: [{ key: 'genre', match: { value: 'g2' } }],
    };
    const { count } = await client.count('books', { filter });
    await client.putPayloadIndex('books', { key: 'year', type: 'integer' });
    await allReady(client);
    expect((await client.count('books', { filter })).count).toBe(count);
    expect(await client.deleteByFilter('books', filter)).toMatchObject({ status: 'deleted', deleted: count });
    expect((await client.count('books', { filter })).count).toBe(0);
    await client.deletePayloadIndex('books', 'year');
    await until(async () => (await warnedOf(client, filter)).includes('year'));
    expect((await client.count('books', { filter })).count).toBe(0);
  });

  it('are refused where the type of an index never answers them, once it is declared', async () => {
    const filter = { must: [{ key: 'genre', range: { gt: 1 } }] };
    expect((await client.count('books', { filter })).count).toBe(0);
    await client.putPayloadIndex('books', { key: 'genre', type: 'keyword' });
    await expect(client.count('books', { filter })).rejects.toMatchObject({
      type: 'validation_error',
      message: expect.stringContaining('filter.must[0].range'),
    });
    await expect(client.deletePayloadIndex('books', 'absent')).rejects.toMatchObject({ type: 'not_found' });
  });
});
