import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { encodeEntry, encodeRequest, Quantization, type Filter, type Operation } from '@vectorizer/contracts';
import { temporaryDirectory } from '@vectorizer/testing';
import { Snapshot } from '../state/snapshot.ts';
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

const idsOf = (points: readonly { readonly id: string }[]): string[] => points.map(({ id }) => id);

describe.each(kinds)('a filter that names points, without an index ($kind)', (kind) => {
  afterEach(() => jest.restoreAllMocks());

  it.each(filters)('reads no others: %j', async (filter) => {
    await using directory = await temporaryDirectory();
    const shard = await opened(directory.path, kind);
    try {
      const all = [jest.spyOn(Snapshot.prototype, 'points'), jest.spyOn(Snapshot.prototype, 'vectors')];
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
      for (const each of all) expect(each).not.toHaveBeenCalled();
    } finally {
      await shard.close();
    }
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
