import { describe, expect, it } from '@jest/globals';
import { connectNats, type Catalog } from '@vectorizer/cluster';
import { buckets, CollectionUid, NewCollection, newUid, type Backup, type Restore } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { OrphanLogs } from '../src/orphan-logs.ts';
import { logger, node, startMonitor, write, type Setting } from './fixture.ts';

const stray = CollectionUid.parse('0123456789abcdef');

function restoring(uids: { uid: CollectionUid; replaces: CollectionUid }): Backup & { restore: Restore } {
  const at = new Date().toISOString();
  const { name, payload_indexes, cache, ...config } = NewCollection.parse({ name: 'books', dimension: 2 });
  const times = { created_at: at, updated_at: at };
  const made = {
    v: 1 as const,
    id: newUid(),
    collection: name,
    uid: newUid(),
    config,
    payload_indexes,
    cache,
    aliases: [],
    shards: [],
  };
  const restore: Restore = { name, state: 'running', sequences: [0], started_at: at, updated_at: at, ...uids };
  return { ...made, ...times, moved_bytes: 0, state: 'complete', restore };
}

class Sweeper {
  nowMs = 0;
  readonly orphans: OrphanLogs;

  constructor({ log, backups }: Setting, catalog: Catalog) {
    this.orphans = new OrphanLogs({ catalog, backups, log, logger, monotonicMs: () => this.nowMs });
  }

  async sweepAt(ms: number): Promise<void> {
    this.nowMs = ms;
    await this.orphans.sweep();
  }
}

describe('a log without a collection', () => {
  it('is removed once it was seen twice, half a minute apart', async () => {
    await using setting = await startMonitor();
    const kept = await setting.collection([['a'], ['a']]);
    await setting.log.ensureStreams(stray, 3);
    const sweeper = new Sweeper(setting, setting.catalog);
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(29_999);
    expect((await setting.log.uids()).toSorted()).toEqual([kept.uid, stray].toSorted());
    await sweeper.sweepAt(30_000);
    expect(await setting.log.uids()).toEqual([kept.uid]);
    expect((await setting.log.state(kept.uid, 1)).lastSequence).toBe(0);
  });

  it('is removed by the running monitor', async () => {
    await using setting = await startMonitor();
    const dropped = await setting.collection([['a']]);
    await write(setting.log, dropped.uid);
    await setting.catalog.drop('books');
    const removed = async (): Promise<boolean> => {
      setting.passed(1_000);
      return (await setting.log.uids()).length === 0;
    };
    await until(removed);
  });

  it('is kept when its collection was made and not heard of yet', async () => {
    await using setting = await startMonitor();
    const deaf = await setting.openCatalog('deaf');
    const made = await setting.collection([['a']]);
    expect(deaf.findByUid(made.uid)).toBeUndefined();
    const sweeper = new Sweeper(setting, deaf);
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(60_000);
    expect(await setting.log.uids()).toEqual([made.uid]);
  });

  it('is kept while a restore that is under way makes its collection, or takes the place of it', async () => {
    await using setting = await startMonitor();
    const replaced = CollectionUid.parse('fedcba9876543210');
    await Promise.all([stray, replaced].map(async (uid) => setting.log.ensureStreams(uid, 1)));
    const backup = restoring({ uid: stray, replaces: replaced });
    await setting.backups.add(backup);
    const sweeper = new Sweeper(setting, setting.catalog);
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(60_000);
    expect((await setting.log.uids()).toSorted()).toEqual([stray, replaced].toSorted());
    await setting.backups.add({ ...backup, restore: { ...backup.restore, state: 'failed' } });
    await sweeper.sweepAt(60_000);
    expect(await setting.log.uids()).toEqual([]);
  });

  it('is waited for anew when it was gone in between', async () => {
    await using setting = await startMonitor();
    const sweeper = new Sweeper(setting, setting.catalog);
    await setting.log.ensureStreams(stray, 1);
    await sweeper.sweepAt(0);
    await setting.log.dropStreams(stray);
    await sweeper.sweepAt(20_000);
    await setting.log.ensureStreams(stray, 1);
    await sweeper.sweepAt(40_000);
    expect(await setting.log.uids()).toEqual([stray]);
    await sweeper.sweepAt(70_000);
    expect(await setting.log.uids()).toEqual([]);
  });

  it('is kept when the catalog was lost, since that says nothing of any log', async () => {
    await using setting = await startMonitor();
    const made = await setting.collection([['a']]);
    const connection = await connectNats({ servers: setting.nats.url, name: 'loss' });
    await connection.request(`$JS.API.STREAM.DELETE.KV_${buckets.collections}`);
    const fresh = await setting.openCatalog('hearing');
    expect(fresh.list()).toEqual([]);
    await fresh.create(NewCollection.parse({ name: 'other', dimension: 2 }), () => [[node('a')]]);
    const sweeper = new Sweeper(setting, fresh);
    await sweeper.sweepAt(0);
    await sweeper.sweepAt(60_000);
    expect(await setting.log.uids()).toEqual([made.uid]);
    await connection.close();
  });
});
