import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, Quantization, type Filter, type Operation } from '@vectorizer/contracts';
import { temporaryDirectory } from '@vectorizer/testing';
import type { Snapshot } from '../state/snapshot.ts';
import { count, exactSearch, scroll } from './scan.ts';
import { Shard } from './shard.ts';

const POINTS = 300;
const fields = { with_payload: true, with_vector: false };
const odd = { key: 'n', match: { value: 1 } } as const;
/** Both name the same ones, of which p3 and p201 are odd. */
const filters: Filter[] = [
  { must: [{ has_id: ['p201', 'p3', 'p201', 'absent', 'p4'] }, odd] },
  { must: [{ must: [odd, { has_id: ['p4', 'p201', 'p3', 'p5'] }] }, { has_id: ['p201', 'p3', 'p4'] }] },
];
const kinds = [
  { kind: 'cpu' } as const,
  { kind: 'quantized', quantization: Quantization.parse({ type: 'int8' }) } as const,
];

async function opened(directory: string, kind: (typeof kinds)[number]): Promise<Shard> {
  const hnsw = { m: 8, ef_construction: 60, ef_search: 60 };
  const shard = await Shard.open({ ...kind, directory, dimension: 2, metric: 'euclidean', hnsw });
  await write(
    shard,
    Array.from({ length: POINTS }, (_, i): Operation => {
      return { kind: 'upsert', id: `p${i}`, vector: Float32Array.of(i, 0), payload: `{"n":${i % 2}}` };
    }),
  );
  return shard;
}

async function write(shard: Shard, ops: Operation[]): Promise<void> {
  const sequence = shard.sequence + 1;
  const { request } = encodeRequest({ id: `r${sequence}`, ops });
  await shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 0 });
}

function others(): never {
  throw new Error('it reads others, too');
}

const idsOf = (points: readonly { readonly id: string }[]): string[] => points.map(({ id }) => id);

describe.each(kinds)('a filter that names points, without an index ($kind)', (kind) => {
  it.each(filters)('finds, counts and deletes those that match: %j', async (filter) => {
    await using directory = await temporaryDirectory();
    const shard = await opened(directory.path, kind);
    try {
      expect(await shard.scroll({ ...fields, limit: 10, filter })).toMatchObject({
        points: [{ id: 'p201' }, { id: 'p3' }],
        more: false,
      });
      expect(await shard.scroll({ ...fields, limit: 1, filter })).toMatchObject({
        points: [{ id: 'p201' }],
        more: true,
      });
      expect(idsOf((await shard.scroll({ ...fields, limit: 10, filter, after: 'p201' })).points)).toEqual(['p3']);
      expect((await shard.count(filter)).count).toBe(2);
      for (const exact of [true, false]) {
        const found = await shard.search({ ...fields, vector: Float32Array.of(0, 0), k: 5, filter, exact });
        expect(idsOf(found.hits)).toEqual(['p3', 'p201']);
      }
      await write(shard, [{ kind: 'delete_by_filter', filter }]);
      expect(shard.report().points).toBe(POINTS - 2);
      expect(shard.read(['p3', 'p4', 'p201'], fields).points).toMatchObject([{ id: 'p4' }]);
    } finally {
      await shard.close();
    }
  });
});

describe('a look for the points that a filter names', () => {
  const record = { version: 1, vectorVersion: 1, vector: Float32Array.of(1, 0), payload: '{"n":1}' };
  const snapshot = {
    some: (ids: readonly string[]) => ids.map((id) => ({ id, record })),
    points: others,
    vectors: others,
  } as unknown as Snapshot;

  it.each(filters)('reads no others: %j', async (filter) => {
    const spec = { ...fields, limit: 10, filter };
    expect(idsOf((await scroll(snapshot, spec)).points)).toEqual(expect.arrayContaining(['p201', 'p3']));
    expect(await count(snapshot, filter)).toBeGreaterThanOrEqual(2);
    const query = { vector: Float32Array.of(0, 0), metric: 'dot', k: 1, filter } as const;
    expect(await exactSearch(snapshot, query)).toHaveLength(1);
    await expect(scroll(snapshot, { ...fields, limit: 10, filter: { must: [odd] } })).rejects.toThrow('others');
  });
});

describe('a filter that may let others through', () => {
  it('reads all', async () => {
    await using directory = await temporaryDirectory();
    const shard = await opened(directory.path, { kind: 'cpu' });
    const filter: Filter = { should: [{ has_id: ['p4'] }, { key: 'n', match: { value: 1 } }] };
    expect((await shard.count(filter)).count).toBe(POINTS / 2 + 1);
    expect((await shard.count({ must_not: [{ has_id: ['p4'] }] })).count).toBe(POINTS - 1);
    await shard.close();
  });
});
