import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { buckets, newUid, type CollectionUid, type ShardSnapshot } from '@vectorizer/contracts';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, temporaryDirectory, until } from '@vectorizer/testing';
import { connectNats } from './connection.ts';
import { SnapshotStore } from './snapshot-store.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const STREAM = `OBJ_${buckets.snapshots}`;
const MEBIBYTE = 1024 * 1024;

type Setting = AsyncDisposable & {
  readonly store: SnapshotStore;
  readonly manager: JetStreamManager;
  readonly directory: string;
};

async function startStore(): Promise<Setting> {
  const nats = await startNats();
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const store = await SnapshotStore.open({ connection, replicas: 1, logger });
  const directory = await temporaryDirectory();
  return {
    store,
    manager: await jetstreamManager(connection),
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      store.close();
      await connection.close();
      await nats[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Writes files of these contents, and answers the manifest of them. */
async function write(
  directory: string,
  contents: readonly Buffer[],
  { uid = newUid(), sequence = 1 }: { readonly uid?: CollectionUid; readonly sequence?: number } = {},
): Promise<ShardSnapshot> {
  const files = contents.map((content, i) => ({
    path: `part/${i}`,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  await mkdir(join(directory, 'part'), { recursive: true });
  for (const [i, content] of contents.entries()) await writeFile(join(directory, `part/${i}`), content);
  const [chain, taken_at] = ['0'.repeat(64), new Date().toISOString()];
  return { v: 1, uid, shard: 0, sequence, chain, state_hash: chain, points: 0, taken_at, files };
}

describe('a stored snapshot', () => {
  it('is fetched as it was, also a file without content, and goes on where a transfer was cut short', async () => {
    await using setting = await startStore();
    const { store, directory } = setting;
    const contents = [Buffer.alloc(3 * MEBIBYTE + 5, 'a'), Buffer.alloc(0), Buffer.from('b')];
    const manifest = await write(directory, contents);
    await store.put(manifest, directory);
    expect(store.newest(manifest.uid, 0)).toEqual(manifest);
    const to = join(directory, 'to');
    const moved: number[] = [];
    await store.fetch(manifest, to, { onProgress: (bytes) => moved.push(bytes) });
    for (const [i, content] of contents.entries()) {
      expect(content.equals(await readFile(join(to, `part/${i}`)))).toBe(true);
    }
    expect(moved.at(-1)).toBe(3 * MEBIBYTE + 6);
    await writeFile(join(to, 'part/2'), 'x');
    await store.fetch(manifest, to);
    expect(await readFile(join(to, 'part/2'), 'utf8')).toBe('b');
  });

  it('that was damaged, emptied or removed is refused with what is wrong', async () => {
    await using setting = await startStore();
    const { store, manager, directory } = setting;
    const manifest = await write(directory, [Buffer.alloc(2 * MEBIBYTE, 'a')]);
    const to = join(directory, 'to');
    await writeFile(join(directory, 'part/0'), Buffer.alloc(2 * MEBIBYTE, 'b'));
    await store.put(manifest, directory);
    const damaged = { type: 'storage_error', message: expect.stringContaining('not what its manifest says') };
    await expect(store.fetch(manifest, to)).rejects.toMatchObject(damaged);
    await manager.streams.purge(STREAM, { filter: `$O.${buckets.snapshots}.C.>` });
    const emptied = { type: 'storage_error', message: expect.stringContaining('of 2 parts') };
    await expect(store.fetch(manifest, to)).rejects.toMatchObject(emptied);
    await store.dropAll(manifest.uid);
    expect(store.newest(manifest.uid, 0)).toBeUndefined();
    const gone = { type: 'storage_error', message: expect.stringContaining('not stored any more') };
    await expect(store.fetch(manifest, to)).rejects.toMatchObject(gone);
  });

  it('waits in the server for a slow reader, of whom nothing is left when it ends early', async () => {
    await using setting = await startStore();
    const { store, manager, directory } = setting;
    const manifest = await write(directory, [Buffer.alloc(40 * MEBIBYTE, 'a')]);
    await store.put(manifest, directory);
    const consumers = async (): Promise<{ num_pending: number }[]> => Array.fromAsync(manager.consumers.list(STREAM));
    const [file] = manifest.files;
    if (file === undefined) throw new Error('it has one');
    for await (const part of store.read(manifest, file)) {
      expect(part.length).toBe(MEBIBYTE);
      await until(async () => (await consumers())[0]?.num_pending === 32);
      break;
    }
    await until(async () => (await consumers()).length === 0);
  });
});

describe('what is stored', () => {
  it('regression: is listed, and leaves nothing on the server, which has room for so many lists and no more', async () => {
    await using setting = await startStore();
    const { store, manager, directory } = setting;
    const names = (): Promise<string[]> =>
      store.unfinished().then((all) => all.map(({ name, size }) => `${name.split('/').at(-1)} ${size}`).toSorted());
    expect(await names()).toEqual([]);
    const manifest = await write(directory, [Buffer.alloc(3 * MEBIBYTE), Buffer.alloc(0), Buffer.from('b')]);
    for (const file of manifest.files) {
      const content = readFile(join(directory, file.path));
      await store.putFile(
        manifest,
        file,
        (async function* () {
          yield await content;
        })(),
      );
    }
    expect(await names()).toEqual([`0 ${3 * MEBIBYTE}`, '1 0', '2 1']);
    await store.complete(manifest);
    await until(() => store.newest(manifest.uid, 0) !== undefined);
    expect(await names()).toEqual([]);
    expect([...(await store.stored()).keys()]).toEqual([manifest.uid]);
    await store.dropAll(manifest.uid);
    await until(() => store.newest(manifest.uid, 0) === undefined);
    expect((await store.stored()).size).toBe(0);
    expect(await store.purgeDeleted()).toBeGreaterThan(0);
    expect(await Array.fromAsync(manager.consumers.list(STREAM))).toEqual([]);
  });
});

describe('an upload that the store refuses', () => {
  it('regression: ends what it was reading', async () => {
    await using setting = await startStore();
    const { store, manager, directory } = setting;
    const manifest = await write(directory, [Buffer.from('a')]);
    const [file] = manifest.files;
    if (file === undefined) throw new Error('it has one');
    let ended = false;
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(MEBIBYTE);
        await manager.streams.delete(STREAM);
        for (;;) yield Buffer.alloc(MEBIBYTE);
      } finally {
        ended = true;
      }
    };
    await expect(store.putFile(manifest, file, parts())).rejects.toMatchObject({ type: 'log_unavailable' });
    await until(() => ended, { what: 'the end of the parts' });
  });
});

describe('what uploads have left', () => {
  it('is told from what is complete: files without a manifest, and parts of files', async () => {
    await using setting = await startStore();
    const { store, manager, directory } = setting;
    const complete = await write(directory, [Buffer.from('a')]);
    await store.put(complete, directory);
    expect(await store.unfinished()).toEqual([]);
    const left = await write(directory, [Buffer.from('bb')]);
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error('stopped'));
    await expect(store.put(left, directory, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    const parts = `$O.${buckets.snapshots}.C.SOMEPARTS`;
    await manager.jetstream().publish(parts, Buffer.alloc(10));
    const found = await store.unfinished();
    const file = { name: `${left.uid}/0/1/part/0`, size: 2 };
    expect(found.map(({ name, size }) => ({ name, size }))).toEqual([file, { name: parts, size: 1 }]);
    for (const { remove } of found) await remove();
    expect(await store.unfinished()).toEqual([]);
    expect([...(await store.stored()).keys()]).toEqual([complete.uid]);
  });
});
