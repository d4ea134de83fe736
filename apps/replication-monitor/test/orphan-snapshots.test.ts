import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connectNats } from '@vectorizer/cluster';
import {
  Backup,
  buckets,
  newUid,
  type CollectionUid,
  type ShardSnapshot,
  type SnapshotFile,
} from '@vectorizer/contracts';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { OrphanSnapshots } from '../src/orphan-snapshots.ts';
import { logger, startMonitor, type Setting } from './fixture.ts';

const HALF_HOUR_MS = 1_800_000;
/** Of an object, as the store cuts them. */
const PART_BYTES = 1024 * 1024;

class Sweeper {
  nowMs = 0;
  readonly orphans: OrphanSnapshots;

  constructor(setting: Pick<Setting, 'catalog' | 'backups' | 'snapshots'>) {
    this.orphans = new OrphanSnapshots({ ...setting, logger, monotonicMs: () => this.nowMs });
  }

  async sweepAt(ms: number): Promise<void> {
    this.nowMs = ms;
    await this.orphans.sweep();
  }
}

/** Stores a snapshot of one small file; `complete` with its manifest. */
async function store(
  { snapshots }: Setting,
  uid: CollectionUid,
  { complete = true }: { readonly complete?: boolean } = {},
): Promise<void> {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'file'), 'a');
  const manifest = manifestOf(uid, ['file']);
  const stop = new AbortController();
  const onProgress = (): void => (complete ? undefined : stop.abort(new Error('stopped')));
  await snapshots.put(manifest, directory.path, { signal: stop.signal, onProgress }).catch(() => undefined);
}

/** Of files that hold one letter. */
function manifestOf(uid: CollectionUid, paths: readonly string[]): ShardSnapshot {
  const [chain, state_hash] = ['0'.repeat(64), '0'.repeat(64)];
  const sha256 = createHash('sha256').update('a').digest('hex');
  const files = paths.map((path) => ({ path, bytes: 1, sha256 }));
  const taken_at = new Date().toISOString();
  return { v: 1, uid, shard: 0, sequence: 1, chain, state_hash, points: 0, taken_at, files };
}

async function* oneLetter(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from('a'));
}

async function backUp(setting: Setting, restoring: CollectionUid): Promise<CollectionUid> {
  const { uid, config, payload_indexes } = await setting.collection([['a']], 'backed-up');
  const now = new Date().toISOString();
  const restore = { name: 'copy', state: 'running', uid: restoring, sequences: [1], started_at: now, updated_at: now };
  const described = { collection: 'backed-up', uid, config, payload_indexes, state: 'complete', created_at: now };
  await setting.backups.add(
    Backup.parse({ v: 1, id: newUid(), ...described, updated_at: now, shards: [null], restore }),
  );
  return setting.backups.list()[0]?.id ?? uid;
}

async function storedIn({ snapshots }: Setting): Promise<CollectionUid[]> {
  return [...(await snapshots.stored()).keys()].toSorted();
}

describe('snapshots that belong to nothing', () => {
  it('are removed after ten minutes; those of collections, backups and running restores are kept', async () => {
    await using setting = await startMonitor();
    const { uid: collection } = await setting.collection([['a']]);
    const [stray, restoring] = [newUid(), newUid()];
    const backup = await backUp(setting, restoring);
    for (const uid of [collection, stray, restoring, backup]) await store(setting, uid);
    const sweeper = new Sweeper(setting);
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(599_999);
    expect(await storedIn(setting)).toEqual([collection, stray, restoring, backup].toSorted());
    await sweeper.sweepAt(600_000);
    expect(await storedIn(setting)).toEqual([collection, restoring, backup].toSorted());
    await setting.catalog.drop('books');
    await sweeper.sweepAt(HALF_HOUR_MS);
    await sweeper.sweepAt(2 * HALF_HOUR_MS);
    expect(await storedIn(setting)).toEqual([restoring, backup].toSorted());
  });

  it('are kept when it is the catalog that was lost', async () => {
    await using setting = await startMonitor();
    const { uid } = await setting.collection([['a']]);
    await store(setting, uid);
    const connection = await connectNats({ servers: setting.nats.url, name: 'loss' });
    await connection.request(`$JS.API.STREAM.DELETE.KV_${buckets.collections}`);
    const fresh = await setting.openCatalog('hearing');
    const sweeper = new Sweeper({ ...setting, catalog: fresh });
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(HALF_HOUR_MS);
    expect(await storedIn(setting)).toEqual([uid]);
    await connection.close();
  });
});

describe('an upload that ended half-way', () => {
  it('is removed after ten minutes in which it has not grown, and what is complete is kept', async () => {
    await using setting = await startMonitor();
    const [books, films] = [await setting.collection([['a']]), await setting.collection([['a']], 'films')];
    await store(setting, books.uid);
    await store(setting, films.uid, { complete: false });
    const sweeper = new Sweeper(setting);
    await sweeper.sweepAt(0);
    expect(await setting.snapshots.unfinished()).toHaveLength(1);
    await sweeper.sweepAt(600_000);
    expect(await setting.snapshots.unfinished()).toEqual([]);
    expect(await storedIn(setting)).toEqual([books.uid]);
  });

  it('is not taken for one while a later file grows, however long that takes', async () => {
    await using setting = await startMonitor();
    const { snapshots } = setting;
    const { uid } = await setting.collection([['a']]);
    const manifest = manifestOf(uid, ['first', 'second']);
    const [first, second] = manifest.files as [SnapshotFile, SnapshotFile];
    await snapshots.putFile(manifest, first, oneLetter());
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const parts = async function* (): AsyncGenerator<Buffer> {
      for (const gate of gates) {
        // A part is stored once more than it is there.
        yield Buffer.alloc(PART_BYTES + 1);
        await gate.promise;
      }
    };
    const grown = async (count: number): Promise<void> => {
      const isSo = async (): Promise<boolean> =>
        (await snapshots.unfinished()).some(({ uid: of, size }) => of === undefined && size === count);
      await until(isSo, { what: `${count} parts` });
    };
    const upload = snapshots.putFile(manifest, second, parts());
    const sweeper = new Sweeper(setting);
    await grown(1);
    await sweeper.sweepAt(0);
    gates[0]?.resolve();
    await grown(2);
    await sweeper.sweepAt(HALF_HOUR_MS);
    gates[1]?.resolve();
    await upload;
    await snapshots.complete(manifest);
    await sweeper.sweepAt(2 * HALF_HOUR_MS);
    expect(await Array.fromAsync(snapshots.read(manifest, first), (part) => part.length).catch(String)).toEqual([1]);
  });
});
