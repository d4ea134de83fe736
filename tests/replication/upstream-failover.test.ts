import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewCollectionInput } from '@vectorizer/client';
import { cutBeyond, INDEXES, startCluster, without, type Cluster } from './cluster.ts';
import { some, wide } from './points.ts';
import { agreed, allPoints, dataOf, pointsOn, pointsOnEach } from './replicas.ts';

/**
 * Ten tests of failover and of replication under load that were never run where they were written. There, a replica that
 * comes back is another, empty one; here it is the same, killed and started again, and what it holds is compared.
 */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => cluster[Symbol.asyncDispose]());

async function create(name: string, config: Partial<NewCollectionInput> = {}): Promise<void> {
  await cluster.client.createCollection({ name, dimension: 3, metric: 'cosine', replication_factor: 3, ...config });
}

async function insertEach(collection: string, from: number, to: number): Promise<void> {
  for (const point of some(from, to)) await cluster.client.insert(collection, [point]);
}

describe('failover', () => {
  it('test_replica_reconnect_after_disconnect', async () => {
    await create('reconnect');
    await insertEach('reconnect', 0, 1);
    await agreed(cluster.client, 'reconnect');
    expect(dataOf(await pointsOn(cluster, 'index-1', 'reconnect'))).toEqual(some(0, 1));
    await without(cluster, 'index-1', async () => insertEach('reconnect', 1, 2));
    await agreed(cluster.client, 'reconnect');
    expect(dataOf(await pointsOn(cluster, 'index-1', 'reconnect'))).toEqual(some(0, 2));
  });

  // Cut off instead of killed: the process lives, and only its connection is gone.
  it('test_partial_sync_after_brief_disconnect', async () => {
    const { client, nodes } = cluster;
    await create('brief');
    await insertEach('brief', 0, 10);
    await agreed(client, 'brief');
    await cluster.cut('index-2');
    try {
      await insertEach('brief', 10, 15);
    } finally {
      await cluster.mend('index-2');
    }
    const replica = (await agreed(client, 'brief'))[nodes['index-2']];
    expect(replica).toMatchObject({ points: 15, applied_sequence: 15, full_syncs: 0 });
    expect(dataOf(await pointsOn(cluster, 'index-2', 'brief'))).toEqual(some(0, 15));
  });

  // The log is limited by bytes, so the seventeen points that overtake the replica are large ones.
  it('test_full_sync_when_offset_too_old', async () => {
    const { client, nodes } = cluster;
    const dimension = 2_048;
    await create('too-old', { dimension });
    for (const point of wide(0, 3, dimension)) await client.insert('too-old', [point]);
    await agreed(client, 'too-old');
    await without(cluster, 'index-3', async () => {
      for (const point of wide(3, 20, dimension)) await client.insert('too-old', [point]);
      await cutBeyond(cluster, 'too-old', 3);
    });
    const replica = (await agreed(client, 'too-old'))[nodes['index-3']];
    expect(replica).toMatchObject({ points: 20, applied_sequence: 20, operations_applied: 20, full_syncs: 1 });
    expect(dataOf(await pointsOn(cluster, 'index-3', 'too-old'))).toEqual(wide(0, 20, dimension));
  });

  it('test_multiple_replicas_recovery', async () => {
    const { client } = cluster;
    await create('recovery');
    await insertEach('recovery', 0, 5);
    for (const points of await pointsOnEach(cluster, 'recovery')) expect(dataOf(points)).toEqual(some(0, 5));
    await Promise.all(INDEXES.map(async (name) => cluster.kill(name, 'hold')));
    // With nobody to apply it, a write is accepted by the log alone.
    for (const point of some(5, 10)) {
      const { results } = await client.insert('recovery', [point], { wait: 'logged' });
      expect(results).toMatchObject([{ status: 'logged' }]);
    }
    for (const name of INDEXES) await cluster.start(name);
    for (const name of INDEXES) await cluster.ready(name);
    await agreed(client, 'recovery');
    for (const points of await pointsOnEach(cluster, 'recovery')) expect(dataOf(points)).toEqual(some(0, 10));
  });

  it('test_data_consistency_after_multiple_disconnects', async () => {
    const { client } = cluster;
    await create('consistency');
    await insertEach('consistency', 0, 5);
    await without(cluster, 'index-1', async () => insertEach('consistency', 5, 10));
    await without(cluster, 'index-1', async () => insertEach('consistency', 10, 15));
    await agreed(client, 'consistency');
    const each = await pointsOnEach(cluster, 'consistency');
    for (const points of each) {
      expect(points).toEqual(each[0]);
      expect(dataOf(points)).toEqual(some(0, 15));
    }
  });
});

describe('replication', () => {
  it('test_basic_master_replica_sync', async () => {
    await create('basic');
    await without(cluster, 'index-2', async () => cluster.client.insert('basic', some(0, 2)));
    await agreed(cluster.client, 'basic');
    expect(dataOf(await pointsOn(cluster, 'index-2', 'basic'))).toEqual(some(0, 2));
  });

  it('test_incremental_replication', async () => {
    await create('incremental');
    for (const point of some(0, 10)) await cluster.client.insert('incremental', [point], { wait: 'replicated' });
    for (const points of await pointsOnEach(cluster, 'incremental')) expect(dataOf(points)).toEqual(some(0, 10));
  });

  it('test_multiple_replicas', async () => {
    await create('multiple');
    await cluster.client.insert('multiple', some(0, 2), { wait: 'replicated' });
    for (const points of await pointsOnEach(cluster, 'multiple')) expect(dataOf(points)).toEqual(some(0, 2));
  });

  it('test_stress_high_volume_replication', async () => {
    const { client, nodes } = cluster;
    const [dimension, size, count] = [128, 100, 10_000];
    await create('stress', { dimension });
    for (let from = 0; from < count; from += size) await client.insert('stress', wide(from, from + size, dimension));
    const replicas = await agreed(client, 'stress');
    for (const name of INDEXES) {
      expect(replicas[nodes[name]]).toMatchObject({ points: count, applied_sequence: 100, operations_applied: count });
    }
    expect(dataOf(await pointsOn(cluster, 'index-2', 'stress'))).toEqual(wide(0, count, dimension));
  });

  // Ten writers at once; each has its sequence, and none was given to two.
  it('test_stress_concurrent_operations', async () => {
    const { client } = cluster;
    await create('concurrent', { dimension: 64 });
    const points = wide(0, 1_000, 64);
    const writers = Array.from({ length: 10 }, (_, task) => points.slice(task * 100, (task + 1) * 100));
    const versions = await Promise.all(
      writers.map(async (own) => {
        const seen: number[] = [];
        for (const point of own) {
          const { results, sequences } = await client.insert('concurrent', [point]);
          expect(results).toMatchObject([{ status: 'created', version: sequences[0] }]);
          seen.push(sequences[0] ?? 0);
        }
        return seen;
      }),
    );
    for (const own of versions) expect(own).toEqual([...new Set(own)].toSorted((a, b) => a - b));
    await agreed(client, 'concurrent');
    for (const found of await pointsOnEach(cluster, 'concurrent')) expect(dataOf(found)).toEqual(points);
    const byId = new Map((await allPoints(client, 'concurrent')).map(({ id, version }) => [id, version]));
    expect(points.map(({ id }) => byId.get(id))).toEqual(versions.flat());
  });
});
