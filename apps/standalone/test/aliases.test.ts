import { describe, expect, it } from '@jest/globals';
import { Cluster } from './cluster.ts';

const A = '/api/v1/aliases';
const C = '/api/v1/collections';
const failed = (type: string): object => ({ error: { type } });

async function writePoint(cluster: Cluster, collection: string, id: string): Promise<unknown> {
  const points = [{ id, vector: [1, 2, 3, 4], payload: { in: collection } }];
  return cluster.send('PUT', `${C}/${collection}/vectors`, { points });
}

async function idsIn(cluster: Cluster, collection: string): Promise<string[]> {
  const { body } = await cluster.send('POST', `${C}/${collection}/search`, { vector: [1, 2, 3, 4] });
  return (body as { hits: { id: string }[] }).hits.map(({ id }) => id).toSorted();
}

describe('aliases', () => {
  it('stand for a collection in reads and writes, and for another from one request to the next', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('v1', 1);
    await cluster.create('v2', 1);
    const made = await cluster.send('PUT', `${A}/current`, { collection: 'v1' });
    const { uid } = await cluster.get<{ uid: string }>(`${C}/v1`);
    const shown = { alias: 'current', collection: 'v1', uid, created_at: expect.any(String) };
    expect(made).toEqual({ code: 201, body: shown });
    expect(await cluster.get(`${A}/current`)).toEqual(shown);
    expect(await writePoint(cluster, 'current', 'a')).toMatchObject({ code: 200 });
    await writePoint(cluster, 'v2', 'b');
    expect([await idsIn(cluster, 'current'), await idsIn(cluster, 'v1')]).toEqual([['a'], ['a']]);
    expect(await cluster.send('PUT', `${A}/current`, { collection: 'v2' })).toMatchObject({
      code: 200,
      body: { alias: 'current', collection: 'v2' },
    });
    expect(await idsIn(cluster, 'current')).toEqual(['b']);
    expect(await cluster.get(`${C}/current/vectors/b`)).toMatchObject({ id: 'b', payload: { in: 'v2' } });
    await cluster.send('DELETE', `${C}/current/vectors/b`);
    expect(await idsIn(cluster, 'v2')).toEqual([]);
    expect(await cluster.send('PUT', `${C}/current/payload-indexes/in`, { type: 'keyword' })).toMatchObject({
      code: 200,
    });
    expect(await cluster.get(`${C}/v2`)).toMatchObject({ payload_indexes: [{ key: 'in', type: 'keyword' }] });
    expect(await cluster.send('POST', `${C}/current/snapshots`)).toMatchObject({
      code: 202,
      body: { collection: 'v2' },
    });
    expect(await cluster.get(A)).toMatchObject({ aliases: [{ alias: 'current', collection: 'v2' }] });
    expect(await cluster.send('DELETE', `${A}/current`)).toEqual({
      code: 200,
      body: { alias: 'current', status: 'deleted' },
    });
    expect(await cluster.get(`${C}/current`)).toMatchObject(failed('collection_not_found'));
    expect(await cluster.get(A)).toEqual({ aliases: [] });
  });

  it('lose no write of those that come while they are switched: each is in one of the two', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('v1', 1);
    await cluster.create('v2', 1);
    await cluster.send('PUT', `${A}/current`, { collection: 'v1' });
    const ids = Array.from({ length: 40 }, (_, i) => `p${i}`);
    const writing = ids.map(async (id) => writePoint(cluster, 'current', id));
    const switched = cluster.send('PUT', `${A}/current`, { collection: 'v2' });
    for (const answer of await Promise.all(writing)) expect(answer).toMatchObject({ code: 200 });
    await switched;
    await writePoint(cluster, 'current', 'after');
    const count = async (name: string): Promise<number> => {
      const { body } = await cluster.send('POST', `${C}/${name}/vectors/count`, {});
      return (body as { count: number }).count;
    };
    expect((await count('v1')) + (await count('v2'))).toBe(ids.length + 1);
    expect(await cluster.get(`${C}/v2/vectors/after`)).toMatchObject({ id: 'after' });
  });

  it('share their names with collections, and go with theirs', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('books', 1);
    await cluster.send('PUT', `${A}/current`, { collection: 'books' });
    expect(await cluster.send('POST', C, { name: 'current', dimension: 4 })).toMatchObject({
      code: 409,
      body: failed('collection_already_exists'),
    });
    expect(await cluster.send('PUT', `${A}/books`, { collection: 'books' })).toMatchObject({
      code: 409,
      body: failed('collection_already_exists'),
    });
    expect(await cluster.send('PUT', `${A}/other`, { collection: 'none' })).toMatchObject({
      code: 404,
      body: failed('collection_not_found'),
    });
    // Only by its own name is a collection dropped.
    expect(await cluster.send('DELETE', `${C}/current`)).toMatchObject({
      code: 404,
      body: failed('collection_not_found'),
    });
    expect(await cluster.send('DELETE', `${A}/books`)).toMatchObject({ code: 404, body: failed('not_found') });
    expect(await cluster.get(`${A}/none`)).toMatchObject(failed('not_found'));
    expect(await cluster.send('PUT', `${A}/a.b`, { collection: 'books' })).toMatchObject({ code: 400 });
    expect(await cluster.send('PUT', `${A}/ok`, { collection: 'books', more: 1 })).toMatchObject({ code: 400 });
    expect(await cluster.send('DELETE', `${C}/books`)).toMatchObject({ code: 200 });
    expect(await cluster.get(A)).toEqual({ aliases: [] });
    await cluster.create('books', 1);
    expect(await cluster.get(`${C}/current`)).toMatchObject(failed('collection_not_found'));
    await cluster.create('current', 1);
  });
});
