import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewCollectionInput, PointInput } from '@vectorizer/client';
import { CollectionUid } from '@vectorizer/contracts';
import { temporaryDirectory } from '@vectorizer/testing';
import { restore, takeSnapshot } from '../system/snapshots.ts';
import { cutBeyond, startCluster, type Cluster } from './cluster.ts';
import { some, wide } from './points.ts';
import { agreed, allConnected, allPoints, dataOf, pointsOn, pointsOnEach, resync, resynced } from './replicas.ts';

/**
 * Tests of snapshots that were never run where they were written. There, a snapshot is one message that a function makes
 * and another applies; here the primary stores it in parts, and what fetches it verifies it by SHA-256 and by state hash.
 */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => cluster[Symbol.asyncDispose]());

type Manifest = {
  readonly shards: readonly { readonly shard: number; readonly files: readonly File[] }[];
};
type File = { readonly path: string; readonly bytes: number; readonly sha256: string };

async function create(name: string, config: Partial<NewCollectionInput> = {}): Promise<void> {
  await cluster.client.createCollection({ name, dimension: 3, metric: 'euclidean', replication_factor: 3, ...config });
}

/** Takes a snapshot of a collection, and makes another collection of it; answers the state hashes of both. */
async function copy(from: string, to: string): Promise<{ readonly taken: string; readonly restored: string[] }> {
  const { id, shards } = await takeSnapshot(cluster, from);
  expect(await restore(cluster, `${from}/snapshots/${id}`, { name: to })).toMatchObject({ state: 'complete' });
  const replicas = Object.values(await agreed(cluster.client, to));
  return { taken: shards[0]?.state_hash ?? '', restored: replicas.map(({ state_hash }) => state_hash ?? '') };
}

describe('snapshots', () => {
  // Fifty points that one replica has thrown away: it is built from the primary's snapshot, and goes on with the log.
  it('test_replica_full_sync_on_connect', async () => {
    const { client, nodes } = cluster;
    await create('full-sync', { dimension: 512 });
    for (const point of wide(0, 50, 512)) await client.insert('full-sync', [point]);
    await agreed(client, 'full-sync');
    await cutBeyond(cluster, 'full-sync', 0);
    const replica = (await resynced(cluster, await resync(cluster, 'index-3', 'full-sync')))[nodes['index-3']];
    expect(replica).toMatchObject({ points: 50, applied_sequence: 50, full_syncs: 1 });
    const views = await allConnected(cluster, 'full-sync');
    expect(views.map(({ operations_synced }) => operations_synced)).toEqual([50, 50, 50]);
    expect(dataOf(await pointsOn(cluster, 'index-3', 'full-sync'))).toEqual(wide(0, 50, 512));
  });

  it('test_snapshot_creation_and_application', async () => {
    const { client } = cluster;
    await create('created', { metric: 'dot', hnsw: { m: 8, ef_construction: 80 } });
    await client.insert('created', some(0, 100));
    const { taken, restored } = await copy('created', 'applied');
    expect(new Set([taken, ...restored]).size).toBe(1);
    const [one, other] = [await client.getCollection('created'), await client.getCollection('applied')];
    expect(other.config).toEqual(one.config);
    // What is written to one from here on is not in the other.
    await client.insert('applied', some(100, 101), { wait: 'replicated' });
    for (const points of await pointsOnEach(cluster, 'applied')) expect(dataOf(points)).toEqual(some(0, 101));
    expect(dataOf(await allPoints(client, 'created'))).toEqual(some(0, 100));
  });

  it('test_snapshot_with_payloads', async () => {
    const { client } = cluster;
    await create('payloads');
    const payloads: PointInput['payload'][] = [
      null,
      {},
      { text: 'two\n lines \u{1F9ED}', list: [1, 'two', null, [true]], deep: { er: { est: -0.5 } } },
      { empty: '', zero: 0, no: false, nothing: null },
    ];
    const points = payloads.map((payload, i) => ({ id: `p${i}`, vector: [i, 0, 0], payload }));
    await client.insert('payloads', points);
    await copy('payloads', 'payloads-again');
    for (const found of await pointsOnEach(cluster, 'payloads-again')) expect(dataOf(found)).toEqual(points);
  });

  it('test_snapshot_with_large_vectors', async () => {
    const { client } = cluster;
    await create('large', { dimension: 1_536, metric: 'cosine' });
    await client.insert('large', wide(0, 100, 1_536));
    const { taken, restored } = await copy('large', 'large-again');
    expect(new Set([taken, ...restored]).size).toBe(1);
    expect(dataOf(await pointsOn(cluster, 'index-1', 'large-again'))).toEqual(wide(0, 100, 1_536));
  });

  // The original compares a snapshot with itself. Here every file is hashed anew, and then one byte is wrong.
  it('test_snapshot_checksum_integrity', async () => {
    const { client } = cluster;
    await create('integrity');
    await client.insert('integrity', some(0, 200));
    const { id } = await takeSnapshot(cluster, 'integrity');
    const path = `integrity/snapshots/${id}`;
    await using downloaded = await temporaryDirectory();
    const answer = await fetch(`${cluster.url}/api/v1/collections/${path}/download`);
    await writeFile(join(downloaded.path, 'snapshot.tar'), Buffer.from(await answer.arrayBuffer()));
    await promisify(execFile)('tar', ['-xf', 'snapshot.tar'], { cwd: downloaded.path });
    const manifest = JSON.parse(await readFile(join(downloaded.path, 'manifest.json'), 'utf8')) as Manifest;
    const files = manifest.shards.flatMap((shard) => shard.files.map((file) => ({ ...file, shard: shard.shard })));
    expect(files.length).toBeGreaterThan(0);
    for (const { shard, path: name, bytes, sha256 } of files) {
      const content = await readFile(join(downloaded.path, String(shard), name));
      expect([name, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([name, bytes, sha256]);
    }

    const server = cluster.logServer;
    await using damaged = await temporaryDirectory();
    const stored = server.snapshots.newest(CollectionUid.parse(id), 0);
    if (stored === undefined) throw new Error('it is stored');
    await server.snapshots.fetch(stored, damaged.path);
    {
      await using file = await open(join(damaged.path, 'points.mdb'), 'r+');
      await file.write(Buffer.from('?'), 0, 1, 9_000);
    }
    await server.snapshots.put(stored, damaged.path);
    const failed = { state: 'failed', reason: 'points.mdb of a snapshot is not what its manifest says' };
    expect(await restore(cluster, path, { name: 'integrity-again' })).toMatchObject(failed);
    await expect(client.getCollection('integrity-again')).rejects.toMatchObject({ type: 'collection_not_found' });
  });
});
