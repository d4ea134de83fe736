import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PointInput } from '@vectorizer/client';
import type { ReplicaView } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { INDEXES, startCluster, without, type Cluster } from './cluster.ts';
import { some } from './points.ts';
import {
  agreed,
  allConnected,
  allPoints,
  alone,
  dataOf,
  exactStats,
  pointsOn,
  pointsOnEach,
  untilView,
  viewsOf,
} from './replicas.ts';

/**
 * Fourteen tests of replication that were written for a database with a master and replicas, and were never run there.
 * Here the log takes the place of the master, and each index node's replica that of a replica. Each test asserts the
 * data on every replica, read while the other index nodes are stopped, so that no other can have answered.
 */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => cluster[Symbol.asyncDispose]());

const four = (id: string, x: number): PointInput => ({ id, vector: [x, 0, 0, 1], payload: { x } });

const isDisconnected = ({ status }: ReplicaView): boolean => status === 'Disconnected';

async function create(name: string, config: { dimension?: number; metric?: 'cosine' | 'dot' | 'euclidean' } = {}) {
  const { client } = cluster;
  return client.createCollection({ name, dimension: 3, metric: 'euclidean', replication_factor: 3, ...config });
}

describe('replication', () => {
  // The original asks for an offset above 0 after writes that its master never logged. Here nothing is a write until it
  // is in the log.
  it('test_master_start_and_accept_connections', async () => {
    const { client, nodes } = cluster;
    await create('accept');
    await without(cluster, 'index-3', async () => client.upsert('accept', some(0, 5)));
    const views = await allConnected(cluster, 'accept');
    expect(views.map(({ node }) => node)).toEqual(INDEXES.map((name) => nodes[name]));
    expect(views.map(({ offset }) => offset)).toEqual([1, 1, 1]);
    expect((await exactStats(cluster)).master_offset).toBe(1);
    expect((await exactStats(cluster)).connected_replicas).toBe(3);
    expect(dataOf(await pointsOn(cluster, 'index-3', 'accept'))).toEqual(some(0, 5));
  });

  it('test_master_replicate_operations', async () => {
    const { client } = cluster;
    await create('operations');
    const before = await exactStats(cluster);
    for (const point of some(0, 10)) await client.insert('operations', [point]);
    await allConnected(cluster, 'operations');
    for (const points of await pointsOnEach(cluster, 'operations')) expect(dataOf(points)).toEqual(some(0, 10));
    const after = await exactStats(cluster);
    expect(after.master_offset - before.master_offset).toBe(10);
    expect(after.total_replicated - before.total_replicated).toBe(3 * 10);
  });

  it('test_master_multiple_replicas_and_stats', async () => {
    const { client } = cluster;
    await create('stats');
    for (const point of some(0, 20)) await client.insert('stats', [point]);
    const views = await allConnected(cluster, 'stats');
    for (const view of views) {
      expect(view).toMatchObject({ status: 'Connected', offset: 20, operations_synced: 20, lag_entries: 0, lag_ms: 0 });
    }
    expect(new Set(views.map(({ state_hash }) => state_hash)).size).toBe(1);
    for (const points of await pointsOnEach(cluster, 'stats')) expect(dataOf(points)).toEqual(some(0, 20));
  });

  // The original starts another, empty replica, which is a full sync. Here the one that was away goes on from where it
  // was: it would count a full sync otherwise.
  it('test_replica_partial_sync_on_reconnect', async () => {
    const { client, nodes } = cluster;
    await create('partial');
    for (const point of some(0, 10)) await client.insert('partial', [point]);
    const before = (await agreed(client, 'partial'))[nodes['index-2']];
    await without(cluster, 'index-2', async () => {
      for (const point of some(10, 15)) await client.insert('partial', [point]);
    });
    const after = (await agreed(client, 'partial'))[nodes['index-2']];
    expect([before?.applied_sequence, after?.applied_sequence]).toEqual([10, 15]);
    expect(after).toMatchObject({ points: 15, full_syncs: 0 });
    expect(dataOf(await pointsOn(cluster, 'index-2', 'partial'))).toEqual(some(0, 15));
  });

  it('test_replica_apply_all_operation_types', async () => {
    const { client } = cluster;
    await create('kinds', { dimension: 4 });
    await client.insert('kinds', [four('inserted', 1), four('updated', 2), four('deleted', 3), four('upserted', 4)]);
    await client.upsert('kinds', [four('upserted', 5)]);
    await client.update('kinds', { id: 'updated', vector: [0, 0, 0, 9], payload: { changed: true } });
    await client.patch('kinds', { id: 'inserted', merge: { more: [1, null, 'two'] } });
    await client.patch('kinds', { id: 'upserted', replace: { only: 'this' } });
    await client.upsert('kinds', [four('matched', 6), four('trimmed', 7)]);
    await client.patch('kinds', { id: 'trimmed', delete_keys: ['x'] });
    await client.deleteByFilter('kinds', { must: [{ key: 'x', match: { value: 6 } }] });
    await client.deleteOne('kinds', { id: 'deleted' });
    await client.batch('kinds', [
      { op: 'upsert', ...four('brief', 8) },
      { op: 'delete', id: 'brief' },
    ]);
    await agreed(client, 'kinds');
    for (const points of await pointsOnEach(cluster, 'kinds')) {
      expect(dataOf(points)).toEqual([
        { id: 'inserted', vector: [1, 0, 0, 1], payload: { x: 1, more: [1, null, 'two'] } },
        { id: 'trimmed', vector: [7, 0, 0, 1], payload: {} },
        { id: 'updated', vector: [0, 0, 0, 9], payload: { changed: true } },
        { id: 'upserted', vector: [5, 0, 0, 1], payload: { only: 'this' } },
      ]);
    }
  });

  // The original waits three seconds; here it is three heartbeats.
  it('test_replica_heartbeat_and_connection_status', async () => {
    await create('heartbeats');
    await cluster.client.insert('heartbeats', some(0, 1));
    let last = (await allConnected(cluster, 'heartbeats'))[0]?.last_heartbeat ?? '';
    for (let beats = 0; beats < 3; beats++) {
      const where = { collection: 'heartbeats', name: 'index-1' } as const;
      const isLater = ({ last_heartbeat }: { last_heartbeat: string | null }): boolean => (last_heartbeat ?? '') > last;
      const view = await untilView(cluster, where, { holds: isLater, what: 'another heartbeat' });
      expect(view).toMatchObject({ status: 'Connected', lag_ms: 0, lag_entries: 0 });
      last = view.last_heartbeat ?? '';
    }
  });

  it('test_replica_incremental_operations', async () => {
    const { client } = cluster;
    await create('incremental');
    for (const [i, point] of some(0, 20).entries()) {
      const { sequences } = await client.insert('incremental', [point], { wait: 'replicated' });
      expect(sequences).toEqual([i + 1]);
      const replicas = Object.values(await agreed(client, 'incremental'));
      expect(replicas.map(({ points, applied_sequence }) => [points, applied_sequence])).toEqual(
        INDEXES.map(() => [i + 1, i + 1]),
      );
    }
    for (const { operations_synced } of await allConnected(cluster, 'incremental')) expect(operations_synced).toBe(20);
    for (const points of await pointsOnEach(cluster, 'incremental')) expect(dataOf(points)).toEqual(some(0, 20));
  });

  // The deletion of the collection was what hung there, behind readers.
  it('test_replica_delete_operations', async () => {
    const { client } = cluster;
    await create('deletes');
    await client.insert('deletes', some(0, 10));
    await client.delete(
      'deletes',
      some(0, 5).map(({ id }) => id),
    );
    await agreed(client, 'deletes');
    for (const points of await pointsOnEach(cluster, 'deletes')) expect(dataOf(points)).toEqual(some(5, 10));
    await client.deleteCollection('deletes');
    await until(async () => (await viewsOf(cluster, 'deletes')).length === 0);
    await alone(cluster, INDEXES, async () => {
      const read = allPoints(client, 'deletes', 'eventual');
      await expect(read).rejects.toMatchObject({ type: 'collection_not_found' });
    });
  });

  // The original reads back [9, 9, 9] from a collection that stores vectors normalised. Here cosine collections answer
  // what was written, too.
  it.each(['euclidean', 'cosine'] as const)('test_replica_update_operations (%s)', async (metric) => {
    const { client } = cluster;
    const name = `updates-${metric}`;
    await create(name, { metric });
    await client.insert(name, [{ id: 'vec', vector: [1, 0, 0], payload: { version: 1 } }]);
    await client.update(name, { id: 'vec', vector: [9, 9, 9], payload: { version: 2 } });
    await agreed(client, name);
    for (const points of await pointsOnEach(cluster, name)) {
      expect(dataOf(points)).toEqual([{ id: 'vec', vector: [9, 9, 9], payload: { version: 2 } }]);
    }
  });

  it('test_replica_stats_tracking', async () => {
    const { client } = cluster;
    await create('tracking');
    const before = await allConnected(cluster, 'tracking');
    for (const view of before) {
      expect(view).toMatchObject({ operations_synced: 0, offset: 0, bytes_received: 0, last_sync: null });
    }
    for (const point of some(0, 30)) await client.insert('tracking', [point]);
    for (const [i, view] of (await allConnected(cluster, 'tracking')).entries()) {
      expect(view).toMatchObject({ operations_synced: 30, offset: 30 });
      expect(view.bytes_received).toBeGreaterThan(30 * 3 * 4);
      expect(Date.parse(view.last_heartbeat ?? '')).toBeGreaterThan(Date.parse(before[i]?.last_heartbeat ?? ''));
      expect(view.last_sync).not.toBeNull();
    }
  });

  // The original asks only whether there is a payload.
  it('test_large_payload_replication', async () => {
    const { client } = cluster;
    await create('payloads');
    const items = Array.from({ length: 1_000 }, (_, i) => ({ id: i, name: `item ${i} ✓`, tags: [i % 2 === 0, null] }));
    await client.insert('payloads', [{ id: 'large', vector: [1, 2, 3], payload: { items } }]);
    await agreed(client, 'payloads');
    for (const points of await pointsOnEach(cluster, 'payloads')) {
      expect(dataOf(points)).toEqual([{ id: 'large', vector: [1, 2, 3], payload: { items } }]);
    }
  });

  // The original asks whether the collections are there. These three points are ranked differently by each metric.
  it('test_different_distance_metrics', async () => {
    const { client } = cluster;
    const points = [
      { id: 'far', vector: [10, 10, 0] },
      { id: 'near', vector: [1, 0.5, 0] },
      { id: 'same-way', vector: [4, 0, 0] },
    ];
    const best = {
      cosine: ['same-way', 'near', 'far'],
      dot: ['far', 'same-way', 'near'],
      euclidean: ['near', 'same-way', 'far'],
    };
    const metrics = Object.keys(best) as (keyof typeof best)[];
    for (const metric of metrics) {
      await create(`metric-${metric}`, { metric });
      await client.insert(`metric-${metric}`, points);
      await agreed(client, `metric-${metric}`);
    }
    await alone(cluster, INDEXES, async (name) => {
      for (const metric of metrics) {
        const asked = { vector: [1, 0, 0], consistency: 'eventual', timeout_ms: 2_000 } as const;
        const { hits } = await client.search(`metric-${metric}`, asked, { cache: false });
        expect([name, metric, hits.map(({ id }) => id)]).toEqual([name, metric, best[metric]]);
      }
    });
  });

  it('test_master_get_stats_coverage', async () => {
    const { client } = cluster;
    await create('coverage');
    await allConnected(cluster, 'coverage');
    const before = await exactStats(cluster);
    await without(cluster, 'index-1', async () => {
      const where = { collection: 'coverage', name: 'index-1' } as const;
      const away = await untilView(cluster, where, { holds: isDisconnected, what: 'being disconnected' });
      expect(away).toMatchObject({ offset: 0, operations_synced: 0 });
      await client.insert('coverage', some(0, 7));
    });
    for (const view of await allConnected(cluster, 'coverage')) {
      expect(view).toMatchObject({ status: 'Connected', offset: 1, operations_synced: 7 });
    }
    const after = await exactStats(cluster);
    expect(after.master_offset).toBe(before.master_offset + 1);
    expect(after.total_replicated).toBe(before.total_replicated + 3 * 7);
    expect(dataOf(await pointsOn(cluster, 'index-1', 'coverage'))).toEqual(some(0, 7));
  });
});
