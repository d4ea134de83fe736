import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchResult } from '@vectorizer/client';
import { seededRandom } from '@vectorizer/testing';
import { settled, startSystem, type System } from '../system/system.ts';

const [POINTS, DIMENSION] = [2_000, 32];
const types = ['int8', 'binary'] as const;

describe('quantized collections through the public API', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
    const random = seededRandom(1);
    for (const type of types) {
      await system.client.createCollection({
        name: type,
        dimension: DIMENSION,
        metric: 'euclidean',
        kind: 'quantized',
        quantization: { type },
        shards: 2,
      });
      for (let start = 0; start < POINTS; start += 500) {
        const points = Array.from({ length: 500 }, (_, i) => {
          return { id: `p${start + i}`, vector: random.vector(DIMENSION), payload: { even: i % 2 === 0 } };
        });
        await system.client.upsert(type, points);
      }
    }
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  const query = seededRandom(2).vector(DIMENSION);
  const search = async (collection: string, more: object = {}): Promise<SearchResult['hits']> =>
    (await system.client.search(collection, { vector: query, with_payload: false, ...more })).hits;
  /** How many of the exact ten a search finds. */
  const right = async (collection: string, more: object = {}): Promise<number> => {
    const exact = new Set((await search(collection, { exact: true })).map(({ id }) => id));
    return (await search(collection, more)).filter(({ id }) => exact.has(id)).length;
  };

  it.each(types)('of type %s show what they were made with, and how much memory their codes take', async (type) => {
    const { config, points, shards } = await settled(system.client, type);
    expect(config).toMatchObject({ kind: 'quantized', quantization: { type, rescore: true } });
    expect(points).toBe(POINTS);
    const replicas = shards.flatMap((shard) => shard.replicas);
    expect(replicas.reduce((sum, { indexed }) => sum + (indexed ?? NaN), 0)).toBe(POINTS);
    for (const { buffered, dead, bytes } of replicas) {
      expect({ buffered, dead }).toEqual({ buffered: 0, dead: 0 });
      expect(bytes).toBeGreaterThan(0);
    }
  });

  it.each(types)('of type %s find by codes and score by vectors, as each search asks', async (type) => {
    expect(await search(type, { quantization: { oversampling: 32 } })).toEqual(await search(type, { exact: true }));
    expect(await right(type)).toBeGreaterThanOrEqual(type === 'int8' ? 10 : 7);
    const [rough] = await search(type, { quantization: { rescore: false } });
    const [exact] = await search(type);
    expect(rough?.score).not.toBe(exact?.score);
    await expect(search(type, { ef: 64 })).rejects.toMatchObject({ type: 'validation_error', status: 400 });
    const filter = { must: [{ key: 'even', match: { value: true } }] };
    const filtered = await search(type, { filter, quantization: { oversampling: 32 } });
    expect(filtered).toEqual(await search(type, { filter, exact: true }));
  });

  it('refuse a type that there is not', async () => {
    const quantization = { type: 'pq' as 'int8' };
    await expect(
      system.client.createCollection({ name: 'other', dimension: 2, kind: 'quantized', quantization }),
    ).rejects.toMatchObject({ type: 'validation_error', status: 400 });
  });

  it.each(types)('of type %s find an update at once, and are the same after a restart', async (type) => {
    await system.client.update(type, { id: 'p7', vector: query });
    expect(await search(type, { k: 1 })).toMatchObject([{ id: 'p7', score: 0 }]);
    const before = await search(type);
    await system.down();
    await system.up();
    expect(await search(type)).toEqual(before);
    expect((await settled(system.client, type)).points).toBe(POINTS);
  });
});
