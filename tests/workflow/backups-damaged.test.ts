import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Backup, buckets, CollectionUid } from '@vectorizer/contracts';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { logServerOf, type LogServer } from '../system/log-server.ts';
import { ask, ended, restore, takeSnapshot } from '../system/snapshots.ts';
import { startSystem, type System } from '../system/system.ts';

let system: System;

beforeAll(async () => {
  system = await startSystem();
  await system.client.createCollection({ name: 'books', dimension: 2 });
  const points = Array.from({ length: 200 }, (_, n) => ({ id: `p${n}`, vector: [1, n] }));
  await system.client.upsert('books', points);
});
afterAll(async () => system[Symbol.asyncDispose]());

async function isAsBefore(): Promise<void> {
  expect((await system.client.listCollections()).map(({ name }) => name)).toEqual(['books']);
  expect(await system.client.count('books')).toEqual({ count: 200 });
}

async function storedBackup(server: LogServer, id: string): Promise<Backup> {
  const subject = `$JS.API.STREAM.MSG.GET.KV_${buckets.backups}`;
  const answer = await server.ask(subject, { last_by_subj: `$KV.${buckets.backups}.${id}` });
  const { data } = (answer as { message: { data: string } }).message;
  return Backup.parse(JSON.parse(Buffer.from(data, 'base64').toString()));
}

describe('a restore whose gateway is gone since its collection was made', () => {
  it('says that nobody compared it', async () => {
    const { id } = await takeSnapshot(system, 'books');
    const path = `books/snapshots/${id}`;
    const made = await restore(system, path, { name: 'copy' });
    expect(made).toMatchObject({ state: 'complete', verified: true, replicas_compared: 1 });
    await using server = await logServerOf(system);
    const { restore: said, ...backup } = await storedBackup(server, id);
    if (said === undefined) throw new Error('it was restored');
    const { verified: _verified, replicas_compared: _compared, ...running } = { ...said, state: 'running' };
    await server.ask(`$KV.${buckets.backups}.${id}`, { ...backup, restore: running });
    const left = async (): Promise<unknown> => (await ended(system, path, (snapshot) => snapshot.restore)).restore;
    // A gateway hears of what another has written within milliseconds.
    await until(async () => JSON.stringify(await left()) !== JSON.stringify(made));
    expect(await left()).toMatchObject({
      state: 'complete',
      verified: false,
      reason: expect.stringContaining('compared'),
    });
    await system.client.deleteCollection('copy');
    expect((await ask(system, `GET ${path}`)).body.restore).toMatchObject({ state: 'failed' });
    expect((await ask(system, `DELETE ${path}`)).status).toBe(200);
  });
});

describe('a snapshot that is not what it was', () => {
  it('is refused by its first wrong byte, to a restore and to a download', async () => {
    const { id } = await takeSnapshot(system, 'books');
    await using server = await logServerOf(system);
    await using directory = await temporaryDirectory();
    const manifest = server.snapshots.newest(CollectionUid.parse(id), 0);
    if (manifest === undefined) throw new Error('it is stored');
    await server.snapshots.fetch(manifest, directory.path);
    {
      await using file = await open(join(directory.path, 'points.mdb'), 'r+');
      await file.write(Buffer.from('?'), 0, 1, 9_000);
    }
    await server.snapshots.put(manifest, directory.path);
    const path = `books/snapshots/${id}`;
    const failed = { state: 'failed', reason: 'points.mdb of a snapshot is not what its manifest says' };
    expect(await restore(system, path, { name: 'copy' })).toMatchObject(failed);
    expect(await restore(system, path, { replace: true })).toMatchObject(failed);
    const answer = await fetch(`${system.url}/api/v1/collections/${path}/download`);
    await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
    await isAsBefore();
    expect((await ask(system, `DELETE ${path}`)).status).toBe(200);
  });

  it('is refused when its files are empty', async () => {
    const { id } = await takeSnapshot(system, 'books');
    await using server = await logServerOf(system);
    const filter = `$O.${buckets.snapshots}.C.>`;
    await server.ask(`$JS.API.STREAM.PURGE.OBJ_${buckets.snapshots}`, { filter });
    const { state, reason } = await restore(system, `books/snapshots/${id}`, { name: 'copy' });
    expect({ state, reason }).toEqual({
      state: 'failed',
      reason: expect.stringMatching(/of \d+ parts .* 0 are stored/),
    });
    await isAsBefore();
  });

  it('is refused when another version made it', async () => {
    await using server = await logServerOf(system);
    const id = '00000000000000v2';
    await server.ask(`$KV.${buckets.backups}.${id}`, { v: 2, id, collection: 'books', layout: 'unheard of' });
    const refusal = {
      status: 409,
      body: { error: { type: 'version_conflict', details: { snapshot: id, format: 2, readable: [1] } } },
    };
    expect(await ask(system, `GET books/snapshots/${id}`)).toMatchObject(refusal);
    expect(await ask(system, `POST books/snapshots/${id}/restore`, { name: 'copy' })).toMatchObject(refusal);
    expect(await ask(system, `GET books/snapshots/${id}/download`)).toMatchObject(refusal);
    expect((await ask(system, 'GET books/snapshots')).status).toBe(200);
    await isAsBefore();
  });
});
