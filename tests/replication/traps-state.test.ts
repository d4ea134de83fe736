import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewCollectionInput, Point } from '@vectorizer/client';
import { CollectionUid, encodeEntry, encodeRequest, subjects } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { restore, takeSnapshot } from '../system/snapshots.ts';
import { cutBeyond, INDEXES, logOf, startCluster, without, type Cluster, type IndexName } from './cluster.ts';
import { some, wide } from './points.ts';
import {
  agreed,
  allConnected,
  allPoints,
  alone,
  dataOf,
  pointsOn,
  pointsOnEach,
  resync,
  resynced,
  viewsOf,
} from './replicas.ts';

/** Ways in which a replica's state went wrong in a system that this one learned from; see docs/TESTING.md. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => cluster[Symbol.asyncDispose]());

async function create(name: string, config: Partial<NewCollectionInput> = {}): Promise<void> {
  await cluster.client.createCollection({ name, dimension: 3, metric: 'euclidean', replication_factor: 3, ...config });
}

/** One entry for each of the points, so many that the log is cut. */
async function outgrow(collection: string, from: number, to: number): Promise<void> {
  for (const point of wide(from, to, 512)) await cluster.client.upsert(collection, [point]);
}

/** Waits until a kill would lose nothing of what these replicas have applied. */
async function durable(collection: string, names: readonly IndexName[] = INDEXES): Promise<void> {
  const nodes = names.map((name) => cluster.nodes[name]);
  await until(
    async () => {
      const { shards } = await cluster.client.getCollection(collection);
      const own = shards.flatMap(({ replicas }) => replicas).filter(({ node }) => nodes.includes(node));
      return own.every(({ applied_sequence, durable_sequence }) => applied_sequence === durable_sequence);
    },
    { what: `${collection} being on disk` },
  );
}

/** Removes entries before the sequence from a log, whatever covers them. */
async function purgeBefore(collection: string, sequence: number): Promise<void> {
  const { uid } = await cluster.client.getCollection(collection);
  const server = cluster.logServer;
  const stream = subjects.stream(CollectionUid.parse(uid), 0);
  await server.ask(`$JS.API.STREAM.PURGE.${stream}`, { seq: sequence });
}

/** The log server that leads the log of a collection's only shard. */
async function leaderOf(collection: string): Promise<string> {
  const { uid } = await cluster.client.getCollection(collection);
  const server = cluster.logServer;
  const info = await server.ask(`$JS.API.STREAM.INFO.${subjects.stream(CollectionUid.parse(uid), 0)}`);
  return (info as { cluster: { leader: string } }).cluster.leader;
}

const idsOf = (points: readonly Point[]): string[] => points.map((point) => point.id).toSorted();

describe('a full sync', () => {
  it('T5 T14 applies nothing twice, and shows no reader a part, while writes go on', async () => {
    const { client, nodes } = cluster;
    await create('overlap', { dimension: 512 });
    await outgrow('overlap', 0, 50);
    await cutBeyond(cluster, 'overlap', 0);
    const stop = new AbortController();
    const seen: number[] = [];
    const reader = (async (): Promise<void> => {
      while (!stop.signal.aborted) seen.push((await client.count('overlap', { consistency: 'eventual' })).count);
    })();
    const begun = await resync(cluster, 'index-3', 'overlap');
    await outgrow('overlap', 50, 65);
    const replicas = await resynced(cluster, begun);
    stop.abort();
    await reader;
    expect(replicas[nodes['index-3']]).toMatchObject({ points: 65, operations_applied: 65, full_syncs: 1 });
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(50);
    for (const points of await pointsOnEach(cluster, 'overlap')) expect(dataOf(points)).toEqual(wide(0, 65, 512));
  });

  it('T11 keeps what the collection is: its kind, its metric, its indexes of payloads', async () => {
    const { client, nodes } = cluster;
    const shape = { dimension: 512, payload_indexes: [{ key: 'index', type: 'integer' }] } as const;
    await create('shape-graph', { ...shape, metric: 'dot', hnsw: { m: 6, ef_construction: 50 } });
    await create('shape-codes', { ...shape, metric: 'dot', kind: 'quantized', quantization: { type: 'binary' } });
    for (const name of ['shape-graph', 'shape-codes']) {
      await outgrow(name, 0, 50);
      await cutBeyond(cluster, name, 0);
      const replicas = await resynced(cluster, await resync(cluster, 'index-3', name));
      expect(replicas[nodes['index-3']]).toMatchObject({ full_syncs: 1, points: 50 });
      await until(async () => (await client.listPayloadIndexes(name)).every(({ state }) => state === 'ready'));
      const filter = { must: [{ key: 'index', range: { gte: 40 } }] };
      const vector = wide(7, 8, 512)[0]?.vector ?? [];
      const answers = await alone(cluster, ['index-1', 'index-3'], async () =>
        client.search(name, { vector, filter, consistency: 'eventual', timeout_ms: 2_000 }, { cache: false }),
      );
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[1]?.hits).toHaveLength(10);
      expect(answers[1]?.warnings).toBeUndefined();
    }
  });

  it('T13 leaves nothing of what was deleted meanwhile', async () => {
    const { client, nodes } = cluster;
    await create('kept', { dimension: 512 });
    await create('gone');
    await client.insert('gone', some(0, 5), { wait: 'replicated' });
    await client.insert('kept', wide(900, 910, 512), { wait: 'replicated' });
    const { uid } = await client.getCollection('gone');
    const files = async (): Promise<string[]> => readdir(join(cluster.data, 'index-3', 'replicas'));
    expect((await files()).some((name) => name.startsWith(uid))).toBe(true);
    await without(cluster, 'index-3', async () => {
      await client.deleteCollection('gone');
      await client.delete(
        'kept',
        some(900, 910).map(({ id }) => id),
      );
      await outgrow('kept', 0, 50);
      await cutBeyond(cluster, 'kept', 2);
    });
    expect((await agreed(client, 'kept'))[nodes['index-3']]).toMatchObject({ full_syncs: 1, points: 50 });
    expect(dataOf(await pointsOn(cluster, 'index-3', 'kept'))).toEqual(wide(0, 50, 512));
    await until(async () => (await files()).every((name) => !name.startsWith(uid)));
    expect(await viewsOf(cluster, 'gone')).toEqual([]);
  });

  it('T14 hides no point from readers', async () => {
    const { client } = cluster;
    await create('hidden', { dimension: 512 });
    await outgrow('hidden', 0, 50);
    await agreed(client, 'hidden');
    await cutBeyond(cluster, 'hidden', 0);
    const stop = new AbortController();
    let reads = 0;
    const reader = (async (): Promise<void> => {
      for (; !stop.signal.aborted; reads++) {
        expect(dataOf(await allPoints(client, 'hidden', 'eventual'))).toEqual(wide(0, 50, 512));
      }
    })();
    for (const name of ['index-2', 'index-3'] as const) {
      await resynced(cluster, await resync(cluster, name, 'hidden'));
    }
    stop.abort();
    await reader;
    expect(reads).toBeGreaterThan(0);
  });

  it('T17 moves a snapshot that is larger than a message can be', async () => {
    const { client, nodes } = cluster;
    const [dimension, count] = [2_048, 1_500];
    await create('huge', { kind: 'quantized', dimension });
    for (let from = 0; from < count; from += 100) {
      const points = wide(from, from + 100, dimension);
      await client.insert(
        'huge',
        points.map((point) => ({ ...point, vector: Float32Array.from(point.vector) })),
      );
    }
    const before = await agreed(client, 'huge');
    const size = async (): Promise<number> => {
      const snapshots = Object.values(await agreed(client, 'huge')).flatMap(({ snapshot }) => snapshot ?? []);
      return Math.max(0, ...snapshots.map(({ bytes }) => bytes));
    };
    // No message can be larger than this.
    await until(async () => (await size()) > 8 * 1024 * 1024, {
      everyMs: 200,
      what: 'the snapshot',
    });
    const after = (await resynced(cluster, await resync(cluster, 'index-3', 'huge')))[nodes['index-3']];
    expect(after).toMatchObject({ full_syncs: 1, points: count, state_hash: before[nodes['index-1']]?.state_hash });
    const sample = wide(0, count, dimension).filter((_, i) => i % 100 === 0);
    const asked = { ids: sample.map(({ id }) => id), consistency: 'eventual', timeout_ms: 2_000 } as const;
    const [found] = await alone(cluster, ['index-3'], async () => client.get('huge', asked));
    expect(dataOf(found?.points ?? [])).toEqual(sample);
  });
});

describe('a replica', () => {
  it('T8 whose log was replaced says that it differs, and does not take the new one for its own', async () => {
    const { client } = cluster;
    await create('replaced');
    for (const point of some(0, 5)) await client.insert('replaced', [point], { wait: 'replicated' });
    const uid = CollectionUid.parse((await client.getCollection('replaced')).uid);
    const stream = subjects.stream(uid, 0);
    {
      const server = cluster.logServer;
      const { config } = (await server.ask(`$JS.API.STREAM.INFO.${stream}`)) as { config: object };
      await server.ask(`$JS.API.STREAM.DELETE.${stream}`);
      await server.ask(`$JS.API.STREAM.CREATE.${stream}`, config);
      const ops = [{ kind: 'upsert', id: 'foreign', vector: Float32Array.of(1, 2, 3), payload: null } as const];
      const entry = encodeEntry({ at: Date.now(), requests: [encodeRequest({ id: 'foreign', ops }).request] });
      await until(
        async () => ((await server.ask(subjects.log(uid, 0), entry)) as { stream?: string }).stream === stream,
        { what: 'the new log having a leader' },
      );
    }
    await until(async () => (await viewsOf(cluster, 'replaced')).every(({ status }) => status === 'Diverged'), {
      what: 'all being diverged',
    });
    for (const each of await viewsOf(cluster, 'replaced')) {
      expect(each).toMatchObject({ offset: 5, reason: expect.stringContaining('the log was replaced') });
    }
    await expect(client.count('replaced', { consistency: 'eventual', timeout_ms: 2_000 })).rejects.toMatchObject({
      status: 503,
    });
    await client.deleteCollection('replaced');
  });

  it('T9 that has applied all but what the log still holds goes on with that', async () => {
    const { client, nodes } = cluster;
    await create('edge');
    for (const point of some(0, 10)) await client.insert('edge', [point]);
    await agreed(client, 'edge');
    await durable('edge');
    await without(cluster, 'index-3', async () => {
      for (const point of some(10, 15)) await client.insert('edge', [point]);
      await purgeBefore('edge', 11);
      expect((await logOf(cluster, 'edge')).first_seq).toBe(11);
    });
    expect((await agreed(client, 'edge'))[nodes['index-3']]).toMatchObject({ points: 15, full_syncs: 0 });
    expect(dataOf(await pointsOn(cluster, 'index-3', 'edge'))).toEqual(some(0, 15));
  });

  it('T20 keeps its name and its counts when it comes back, and another is the primary meanwhile', async () => {
    const { client, nodes } = cluster;
    await create('names');
    for (const point of some(0, 4)) await client.insert('names', [point]);
    const before = await allConnected(cluster, 'names');
    const primaryName = async (): Promise<IndexName | undefined> => {
      const primaries = (await viewsOf(cluster, 'names')).filter(
        ({ primary, status }) => primary && status === 'Connected',
      );
      return primaries.length === 1 ? INDEXES.find((name) => nodes[name] === primaries[0]?.node) : undefined;
    };
    await until(async () => (await primaryName()) !== undefined, { what: 'there being a primary' });
    const first = (await primaryName()) ?? 'index-1';
    await without(cluster, first, async () => {
      await until(async () => ![undefined, first].includes(await primaryName()), {
        what: 'another primary',
      });
      await client.insert('names', some(4, 5));
    });
    const after = await allConnected(cluster, 'names');
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after.map(({ operations_synced }) => operations_synced)).toEqual([5, 5, 5]);
    for (const points of await pointsOnEach(cluster, 'names')) expect(dataOf(points)).toEqual(some(0, 5));
  });
});

describe('a snapshot', () => {
  it('T12 is of one sequence, though writes go on while it is taken', async () => {
    const { client } = cluster;
    await create('moment');
    const stop = new AbortController();
    let written = 0;
    const writer = (async (): Promise<void> => {
      for (; !stop.signal.aborted; written++) {
        // One entry, so both or neither.
        const [left, right] = [`left-${written}`, `right-${written}`];
        await client.insert(
          'moment',
          [left, right].map((id) => ({ id, vector: [written, 0, 0], payload: null })),
        );
      }
    })();
    await until(() => written >= 20);
    const { id, shards } = await takeSnapshot(cluster, 'moment');
    await until(async () => (await client.count('moment')).count > 2 * (shards[0]?.sequence ?? 0));
    stop.abort();
    await writer;
    expect(await restore(cluster, `moment/snapshots/${id}`, { name: 'moment-again' })).toMatchObject({
      state: 'complete',
    });
    await agreed(client, 'moment-again');
    const entries = Array.from({ length: shards[0]?.sequence ?? 0 }, (_, i) => i);
    const expected = entries.flatMap((i) => [`left-${i}`, `right-${i}`]).toSorted();
    expect(idsOf(await pointsOn(cluster, 'index-2', 'moment-again'))).toEqual(expected);
  });
});

describe('the log servers', () => {
  it('T24 are one cluster with one log, whose leader may be lost', async () => {
    const { client } = cluster;
    await create('one-log');
    for (const point of some(0, 5)) await client.insert('one-log', [point]);
    const { processes } = await cluster.status();
    const servers = processes.filter(({ name }) => name.startsWith('nats-'));
    const metas = await Promise.all(
      servers.map(async ({ url }) => {
        const { meta_cluster } = (await (await fetch(`${url}/jsz`)).json()) as {
          meta_cluster: { leader: string; cluster_size: number };
        };
        return meta_cluster;
      }),
    );
    expect(servers).toHaveLength(3);
    expect(new Set(metas.map(({ leader }) => leader)).size).toBe(1);
    for (const { cluster_size } of metas) expect(cluster_size).toBe(3);

    const leader = await leaderOf('one-log');
    await cluster.kill(leader, 'hold');
    try {
      const { results } = await client.insert('one-log', some(5, 6), { timeoutMs: 30_000 });
      expect(results).toMatchObject([{ status: 'created', version: 6 }]);
    } finally {
      await cluster.start(leader);
      await cluster.ready(leader);
    }
    // A try whose answer was lost with the leader may have been logged again, to no effect.
    expect((await client.insert('one-log', some(6, 7))).sequences[0]).toBeGreaterThan(6);
    await agreed(client, 'one-log');
    for (const points of await pointsOnEach(cluster, 'one-log')) expect(dataOf(points)).toEqual(some(0, 7));
  });

  it('T26 may all be unreachable for a while: nothing takes that for good', async () => {
    const { client } = cluster;
    await create('unreachable');
    await client.insert('unreachable', some(0, 5), { wait: 'replicated' });
    const pids = async (): Promise<unknown[]> => (await cluster.status()).processes.map(({ name, pid }) => [name, pid]);
    const before = await pids();
    const servers = ['nats-1', 'nats-2', 'nats-3'];
    await Promise.all(servers.map(async (name) => cluster.pause(name)));
    try {
      const answer = await fetch(`${cluster.url}/api/v1/collections/unreachable/vectors?timeout_ms=1500`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ points: some(5, 6) }),
      });
      expect([503, 504]).toContain(answer.status);
    } finally {
      await Promise.all(servers.map(async (name) => cluster.resume(name)));
    }
    await client.upsert('unreachable', some(5, 8), { timeoutMs: 30_000 });
    await agreed(client, 'unreachable');
    for (const points of await pointsOnEach(cluster, 'unreachable')) expect(dataOf(points)).toEqual(some(0, 8));
    expect(await pids()).toEqual(before);
  });
});

describe('a kill of everything', () => {
  it('T18 T19 loses nothing that was acknowledged, and the replicas go on from where they were', async () => {
    const { client } = cluster;
    await create('killed');
    for (const point of some(0, 10)) await client.insert('killed', [point]);
    await agreed(client, 'killed');
    await durable('killed');
    // Nothing but the replicas themselves holds the first ten any more.
    await purgeBefore('killed', 11);
    for (const point of some(10, 15)) await client.insert('killed', [point]);
    await cluster.killEverything();
    await cluster.up();
    for (const replica of Object.values(await agreed(client, 'killed'))) {
      expect(replica).toMatchObject({ points: 15, applied_sequence: 15, full_syncs: 0 });
    }
    for (const points of await pointsOnEach(cluster, 'killed')) expect(dataOf(points)).toEqual(some(0, 15));
  });
});
