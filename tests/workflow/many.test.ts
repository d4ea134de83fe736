import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@vectorizer/testing';
import { startSystem, type System } from '../system/system.ts';

const COLLECTIONS = 120;
/** What one search may ask at once. */
const SEARCHED = 16;
const [WRITERS, READERS, ROUNDS, POINTS] = [4, 4, 40, 10];
const nameOf = (i: number): string => `c${String(i).padStart(3, '0')}`;

describe('one instance with many collections', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('keeps a hundred and more apart, lists all, and finds the best of those that a search names', async () => {
    const { client } = system;
    const make = async (i: number): Promise<void> => {
      await client.createCollection({ name: nameOf(i), dimension: 2, metric: 'dot' });
      await client.upsert(nameOf(i), [{ id: 'own', vector: [i, 0], payload: { i } }]);
    };
    for (let i = 0; i < COLLECTIONS; i += 8) await Promise.all(Array.from({ length: 8 }, async (_, j) => make(i + j)));
    const listed = (await client.listCollections()).map(({ name }) => name).toSorted();
    expect(listed).toEqual(Array.from({ length: COLLECTIONS }, (_, i) => nameOf(i)));
    for (const from of [0, 52, COLLECTIONS - SEARCHED]) {
      const collections = Array.from({ length: SEARCHED }, (_, i) => nameOf(from + i));
      const { hits } = await client.searchMany(collections, { vector: [1, 0], k: 3 });
      const best = [1, 2, 3].map((rank) => from + SEARCHED - rank);
      expect(hits.map(({ collection, score }) => [collection, score])).toEqual(best.map((i) => [nameOf(i), i]));
    }
    for (let i = 0; i < COLLECTIONS; i += 2) await client.deleteCollection(nameOf(i));
    expect((await client.listCollections()).length).toBe(COLLECTIONS / 2);
    expect(await client.count(nameOf(1))).toMatchObject({ count: 1 });
    await expect(client.count(nameOf(0))).rejects.toMatchObject({ type: 'collection_not_found' });
  });

  it('shows concurrent readers whole points whose versions never go back, and loses no write of concurrent writers', async () => {
    const { client } = system;
    await client.createCollection({ name: 'shared', dimension: 2, metric: 'dot', shards: 2 });
    const write = async (writer: number): Promise<void> => {
      const random = seededRandom(writer);
      for (let round = 1; round <= ROUNDS; round++) {
        const id = `w${writer}-${random.int(POINTS)}`;
        // Vector and payload say the same, so that half an update would show.
        await client.upsert('shared', [{ id, vector: [round, writer], payload: { round, writer } }]);
      }
      await client.upsert('shared', [
        { id: `last-${writer}`, vector: [ROUNDS, writer], payload: { round: ROUNDS, writer } },
      ]);
    };
    const written = new AbortController();
    const read = async (): Promise<number> => {
      const seen = new Map<string, number>();
      let reads = 0;
      while (!written.signal.aborted) {
        const { hits } = await client.search('shared', { vector: [1, 0], k: 50, with_vector: true });
        for (const { id, version, vector, payload } of hits) {
          expect(vector).toEqual([payload?.['round'], payload?.['writer']]);
          expect(version).toBeGreaterThanOrEqual(seen.get(id) ?? 0);
          seen.set(id, version);
        }
        reads += 1;
      }
      return reads;
    };
    const readers = Array.from({ length: READERS }, read);
    await Promise.all(Array.from({ length: WRITERS }, async (_, i) => write(i))).finally(() => written.abort());
    expect(Math.min(...(await Promise.all(readers)))).toBeGreaterThan(1);
    const ids = Array.from({ length: WRITERS }, (_, i) => `last-${i}`);
    expect((await client.get('shared', { ids })).missing).toEqual([]);
  });
});
