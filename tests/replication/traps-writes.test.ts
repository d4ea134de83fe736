import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient, type BatchResult, type NewCollectionInput } from '@vectorizer/client';
import { CollectionUid, encodeEntry, encodeRequest, subjects, type Operation } from '@vectorizer/contracts';
import { credentialsFor } from '../system/keys.ts';
import { scheme } from '../system/secure.ts';
import { INDEXES, logOf, startCluster, without, type Cluster } from './cluster.ts';
import { numbered, some, wide } from './points.ts';
import { agreed, allConnected, allPoints, dataOf, pointsOn, pointsOnEach } from './replicas.ts';

/** Ways in which writes were lost, doubled or misapplied in a system that this one learned from; see docs/TESTING.md. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => cluster[Symbol.asyncDispose]());

async function create(name: string, config: Partial<NewCollectionInput> = {}): Promise<void> {
  await cluster.client.createCollection({ name, dimension: 3, metric: 'euclidean', replication_factor: 3, ...config });
}

/** Publishes bytes to the log of a collection, as a foreign producer would. */
async function publish(collection: string, bytes: Uint8Array): Promise<void> {
  const { uid } = await cluster.client.getCollection(collection);
  const server = cluster.logServer;
  await server.ask(subjects.log(CollectionUid.parse(uid), 0), bytes);
}

/** By the name of the service, the procedures that it serves, as the log servers know their subscriptions. */
async function proceduresServed(): Promise<Map<string, string[]>> {
  type Connections = { readonly connections: readonly { readonly name?: string; subscriptions_list?: string[] }[] };
  const served = new Map<string, string[]>();
  const prefix = subjects.procedure('');
  for (const { name: process, url } of (await cluster.status()).processes) {
    if (!process.startsWith('nats')) continue;
    const { connections } = (await (await fetch(`${url}/connz?subs=1`)).json()) as Connections;
    for (const { name = '', subscriptions_list: subscriptions = [] } of connections) {
      const names = subscriptions.flatMap((each) => (each.startsWith(prefix) ? [each.slice(prefix.length)] : []));
      if (names.length > 0) served.set(name, [...(served.get(name) ?? []), ...names]);
    }
  }
  return served;
}

function entryOf(id: string, ...ops: Operation[]): Uint8Array {
  return encodeEntry({ at: Date.now(), requests: [encodeRequest({ id, ops }).request] });
}

describe('every write', () => {
  it('T1 T2 is one entry of the log, by whatever path it comes, and is applied by every replica', async () => {
    const { client } = cluster;
    await create('paths');
    await client.insert('paths', some(0, 6));
    const [a, b, c, d] = some(0, 4).map(({ id }) => id) as [string, string, string, string];
    const paths: (() => Promise<{ readonly sequences: readonly number[] }>)[] = [
      async () => client.upsert('paths', some(6, 7)),
      async () => client.update('paths', { id: a, vector: [7, 7, 7] }),
      async () => client.update('paths', { id: b, payload: { changed: true } }),
      async () => client.patch('paths', { id: b, merge: { merged: 1 } }),
      async () => client.patch('paths', { id: c, replace: { replaced: 1 } }),
      async () => client.patch('paths', { id: d, delete_keys: ['index'] }),
      async () => client.deleteOne('paths', { id: 'vec_00004' }),
      async () => client.delete('paths', ['vec_00005']),
      async () => client.deleteByFilter('paths', { must: [{ key: 'index', match: { value: 6 } }] }),
      async () => client.batch('paths', [{ op: 'update', id: a, payload: { batch: true } }]),
    ];
    for (const [i, write] of paths.entries()) {
      expect((await write()).sequences).toEqual([i + 2]);
      expect((await logOf(cluster, 'paths')).last_seq).toBe(i + 2);
    }
    await agreed(client, 'paths');
    for (const points of await pointsOnEach(cluster, 'paths')) {
      expect(dataOf(points)).toEqual([
        { id: a, vector: [7, 7, 7], payload: { batch: true } },
        { id: b, vector: [1, 2, 3], payload: { changed: true, merged: 1 } },
        { id: c, vector: [2, 3, 4], payload: { replaced: 1 } },
        { id: d, vector: [3, 4, 5], payload: {} },
      ]);
    }
  });

  it('T2 of a collection reaches every replica: a dropped one is gone, and its namesake has nothing of it', async () => {
    const { client } = cluster;
    await create('namesake');
    await client.insert('namesake', some(0, 5), { wait: 'replicated' });
    await client.deleteCollection('namesake');
    await create('namesake', { dimension: 2, metric: 'dot' });
    expect(Object.values(await agreed(client, 'namesake')).map(({ points }) => points)).toEqual([0, 0, 0]);
    await client.insert('namesake', [{ id: 'new', vector: [1, 2], payload: null }]);
    await agreed(client, 'namesake');
    for (const points of await pointsOnEach(cluster, 'namesake')) {
      expect(dataOf(points)).toEqual([{ id: 'new', vector: [1, 2], payload: null }]);
    }
  });

  it('T3 goes through the log: a replica itself takes none', async () => {
    const { client } = cluster;
    await create('read-only');
    await client.insert('read-only', some(0, 1));
    for (const { host, port } of await allConnected(cluster, 'read-only')) {
      for (const path of ['collections', 'collections/read-only/vectors']) {
        for (const method of ['PUT', 'POST', 'DELETE']) {
          const answer = await fetch(`${scheme}://${host}:${port}/api/v1/${path}`, { method });
          expect([path, method, answer.status]).toEqual([path, method, 404]);
        }
      }
    }
    // Nor over the bus: index nodes answer for their shards alone, and writes are the ingest services' alone.
    const served = await proceduresServed();
    expect([...new Set(served.get('index') ?? [])].filter((name) => !/^(index|service)\./.test(name))).toEqual([]);
    expect(served.get('index')).toContainEqual(expect.stringMatching(/^index\.search\./));
    const writers = [...served].filter(([, names]) => names.some((name) => name.startsWith('ingest.')));
    expect(writers.map(([service]) => service)).toEqual(['ingest']);
    for (const points of await pointsOnEach(cluster, 'read-only')) expect(dataOf(points)).toEqual(some(0, 1));
  });

  it('T4 has the sequence that it was given, also among many at once, and none is skipped by a replica that was killed', async () => {
    const { client } = cluster;
    await create('many');
    const writers = Array.from({ length: 8 }, (_, i) => some(i * 40, (i + 1) * 40));
    const versions = new Map<string, number>();
    const writeAll = Promise.all(
      writers.map(async (points) => {
        for (const point of points) {
          const { results, sequences } = await client.insert('many', [point]);
          expect(results).toMatchObject([{ id: point.id, status: 'created' }]);
          const [version = 0, sequence = 0] = [results[0]?.version, sequences[0]];
          // A try whose answer came too late may have been logged again, to no effect: the version is the first one's.
          expect(version).toBeLessThanOrEqual(sequence);
          versions.set(point.id, version);
        }
      }),
    );
    for (let kills = 0; kills < 2; kills++) await without(cluster, 'index-2', async () => logOf(cluster, 'many'));
    await writeAll;
    await agreed(client, 'many');
    const points = await pointsOn(cluster, 'index-2', 'many');
    expect(dataOf(points)).toEqual(some(0, 320));
    expect(Object.fromEntries(points.map(({ id, version }) => [id, version]))).toEqual(Object.fromEntries(versions));
  });

  it('T6 counts a point once, however often its id is written', async () => {
    const { client } = cluster;
    await create('twice');
    await client.insert('twice', some(0, 3));
    const again = await client.insert('twice', some(2, 5));
    expect(again.results.map(({ status }) => status)).toEqual(['already_exists', 'created', 'created']);
    const doubled = await client.upsert('twice', [...some(4, 6), ...some(5, 6)]);
    expect(doubled.results.map(({ status }) => status)).toEqual(['updated', 'created', 'rejected']);
    await client.batch('twice', [
      { op: 'upsert', ...numbered(6) },
      { op: 'upsert', ...numbered(6) },
    ]);
    expect(await client.count('twice')).toEqual({ count: 7 });
    expect(Object.values(await agreed(client, 'twice')).map(({ points }) => points)).toEqual([7, 7, 7]);
    for (const points of await pointsOnEach(cluster, 'twice')) expect(dataOf(points)).toEqual(some(0, 7));
  });

  it('T7 that cannot be applied is recorded as such and passed, and stops no replica', async () => {
    const { client } = cluster;
    await create('poison');
    await client.insert('poison', some(0, 2));
    await expect(create('poison')).rejects.toMatchObject({ type: 'collection_already_exists' });
    expect(await client.insert('poison', some(0, 1))).toMatchObject({ results: [{ status: 'already_exists' }] });
    await expect(client.deleteOne('poison', { id: 'none' })).rejects.toMatchObject({ type: 'vector_not_found' });
    await publish('poison', Buffer.from('this is no entry'));
    await publish(
      'poison',
      entryOf('wide', { kind: 'upsert', id: 'wide', vector: Float32Array.of(1, 2, 3, 4, 5), payload: null }),
    );
    await client.insert('poison', some(2, 3), { wait: 'replicated' });
    const replicas = Object.values(await agreed(client, 'poison'));
    for (const replica of replicas) {
      expect(replica).toMatchObject({ phase: 'following', points: 3, entries_rejected: 1 });
      expect(replica.applied_sequence).toBe((await logOf(cluster, 'poison')).last_seq);
    }
    for (const points of await pointsOnEach(cluster, 'poison')) expect(dataOf(points)).toEqual(some(0, 3));
  });

  it('T10 of a payload keeps the vector, and of a vector keeps the payload', async () => {
    const { client } = cluster;
    await create('halves');
    await client.insert('halves', some(0, 3));
    const [a, b, c] = some(0, 3).map(({ id }) => id) as [string, string, string];
    await client.update('halves', { id: a, payload: { other: 1 } });
    await client.update('halves', { id: b, vector: [9, 9, 9] });
    await client.update('halves', { id: c, payload: null });
    await agreed(client, 'halves');
    for (const points of await pointsOnEach(cluster, 'halves')) {
      expect(dataOf(points)).toEqual([
        { id: a, vector: [0, 1, 2], payload: { other: 1 } },
        { id: b, vector: [9, 9, 9], payload: { index: 1 } },
        { id: c, vector: [2, 3, 4], payload: null },
      ]);
    }
  });

  it('T15 with a payload that cannot be understood changes nothing', async () => {
    const { client } = cluster;
    await create('unparsable');
    await client.insert('unparsable', some(0, 2));
    const [a] = some(0, 1).map(({ id }) => id) as [string];
    const upsert = { kind: 'upsert', id: a, vector: Float32Array.of(5, 5, 5) } as const;
    await publish('unparsable', entryOf('cut short', { ...upsert, payload: '{"index":' }));
    await publish('unparsable', entryOf('no object', { ...upsert, payload: '[1]' }));
    await client.insert('unparsable', some(2, 3));
    await agreed(client, 'unparsable');
    for (const points of await pointsOnEach(cluster, 'unparsable')) expect(dataOf(points)).toEqual(some(0, 3));
  });

  it('T16 waits for a slow replica in the log and its snapshots, and reaches it when that goes on', async () => {
    const { client } = cluster;
    const [dimension, size] = [1_024, 100];
    await create('slow', { kind: 'quantized', dimension });
    const batch = wide(0, size, dimension).map((point) => ({ ...point, vector: Float32Array.from(point.vector) }));
    await client.upsert('slow', batch, { wait: 'replicated', timeoutMs: 30_000 });
    await cluster.pause('index-3');
    try {
      // As much as a hundred logs may hold here.
      for (let i = 0; i < 20; i++) await client.upsert('slow', batch);
    } finally {
      await cluster.resume('index-3');
    }
    const replica = (await agreed(client, 'slow'))[cluster.nodes['index-3']];
    expect(replica).toMatchObject({ points: size, operations_applied: 21 * size });
    expect(dataOf(await pointsOn(cluster, 'index-3', 'slow'))).toEqual(wide(0, size, dimension));
  });

  it('T21 that waits for all replicas is answered once they have it, and never too late', async () => {
    const { client } = cluster;
    await create('acks');
    const write = async (i: number): Promise<BatchResult> =>
      client.insert('acks', some(i, i + 1), { wait: 'replicated', timeoutMs: 20_000 });
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, async (_, i) => write(round * 10 + i)));
      const last = Math.max(...answers.map(({ sequences }) => sequences[0] ?? 0));
      const { shards } = await client.getCollection('acks');
      for (const { applied_sequence } of shards.flatMap(({ replicas }) => replicas)) {
        expect(applied_sequence).toBeGreaterThanOrEqual(last);
      }
    }
    expect(await client.count('acks')).toEqual({ count: 100 });
  });

  it('T22 that deletes is not held up by readers', async () => {
    const { client } = cluster;
    await create('readers');
    await client.insert('readers', some(0, 10), { wait: 'replicated' });
    const stop = new AbortController();
    const readers = Array.from({ length: 8 }, async () => {
      let reads = 0;
      for (; !stop.signal.aborted; reads++) {
        await client.search('readers', { vector: [1, 2, 3], consistency: 'eventual' }, { cache: false });
        await allPoints(client, 'readers', 'eventual');
      }
      return reads;
    });
    const ids = some(0, 5).map(({ id }) => id);
    for (const id of ids) await client.deleteOne('readers', { id }, { wait: 'replicated' });
    stop.abort();
    for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThan(0);
    await agreed(client, 'readers');
    for (const points of await pointsOnEach(cluster, 'readers')) expect(dataOf(points)).toEqual(some(5, 10));
  });

  it('T23 is on every node, so one node of three answers and takes writes', async () => {
    const { client } = cluster;
    await create('one-left');
    await client.insert('one-left', some(0, 20), { wait: 'replicated' });
    await without(cluster, 'index-1', async () =>
      without(cluster, 'index-2', async () => {
        const { hits } = await client.search('one-left', { vector: [3, 4, 5], k: 1 }, { cache: false });
        expect(hits).toMatchObject([{ id: 'vec_00003', payload: { index: 3 } }]);
        expect(await client.insert('one-left', some(20, 21))).toMatchObject({ succeeded: 1 });
        expect(dataOf(await allPoints(client, 'one-left'))).toEqual(some(0, 21));
      }),
    );
    await agreed(client, 'one-left');
    expect(dataOf(await pointsOn(cluster, 'index-1', 'one-left'))).toEqual(some(0, 21));
  });

  it('T25 is of the collection that it names, also through another gateway', async () => {
    const { client, urls } = cluster;
    await create('left');
    await create('right', { dimension: 1 });
    await using other = new VectorizerClient({ url: urls.at(-1) ?? '', ...credentialsFor(urls) });
    const right = some(0, 30).map(({ id }, i) => ({ id, vector: [-1 - i], payload: { right: i } }));
    await Promise.all([
      ...some(0, 30).map(async (point) => client.insert('left', [point])),
      ...right.map(async (point) => other.insert('right', [point])),
    ]);
    await agreed(client, 'left');
    await agreed(client, 'right');
    for (const name of INDEXES) {
      expect(dataOf(await pointsOn(cluster, name, 'left'))).toEqual(some(0, 30));
      expect(dataOf(await pointsOn(cluster, name, 'right'))).toEqual(right);
    }
  });
});
