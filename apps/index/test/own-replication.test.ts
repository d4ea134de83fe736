import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@vectorizer/telemetry';
import { temporaryDirectory } from '@vectorizer/testing';
import { createIndexApp } from '../src/index-app.ts';
import { OwnReplication } from '../src/own-replication.ts';
import { applied, create, openNode, report, startSystem, write, upsert, writeMany } from './fixture.ts';

const logger = createLogger({ service: 'index', level: 'silent' });

describe('the replication status of an index node itself', () => {
  it('is that of a replica, with real numbers', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    const books = await create(system, [node]);
    await applied(node, books, await writeMany(system, books, 5));
    const replication = new OwnReplication({ replicas: () => node.index.replicas(), log: system.log });
    await using app = await createIndexApp({
      service: 'index',
      logger,
      checks: [],
      host: '127.0.0.1',
      port: 0,
      replication,
      access: { guard: { install: () => undefined } },
    });
    const { bytes_received, last_applied_at } = await report(node, books);
    const status = await app.inject({ url: '/api/v1/replication/status' });
    const stats = {
      role: 'replica',
      lag_ms: 0,
      bytes_sent: 0,
      bytes_received,
      last_sync: last_applied_at,
      operations_pending: 0,
      snapshot_size: 0,
      connected_replicas: null,
      master_offset: 5,
      replica_offset: 5,
      lag_operations: 0,
      total_replicated: 5,
    };
    expect(status.json()).toEqual({ role: 'replica', enabled: true, stats, replicas: null });
    expect((await app.inject({ url: '/api/v1/replication/stats' })).json()).toEqual(stats);
    const last_sync = Math.floor(Date.parse(last_applied_at ?? '') / 1_000);
    const legacy = (await app.inject({ url: '/replication/status' })).json<object>();
    expect(legacy).toEqual({ role: 'Replica', enabled: true, stats: { ...stats, last_sync }, replicas: null });
  });

  it('shows what is not applied, and a lag that grows by the clock while the log is away', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    const books = await create(system, [node]);
    await applied(node, books, await writeMany(system, books, 3));
    const [old] = node.index.replicas();
    if (old === undefined) throw new Error('there is a replica');
    let aheadMs = 0;
    const epochMs = (): number => Date.now() + aheadMs;
    const behind = new OwnReplication({ replicas: () => [old], log: system.log, epochMs });
    await write(system, books, [upsert('new', 1, 0, 0, 0)]);
    const logged = await system.log.entryAt(books.uid, 0, 4);
    aheadMs = 1_000;
    const now = await behind.status();
    expect(now.stats).toMatchObject({ operations_pending: 1, lag_operations: 1, master_offset: 4, replica_offset: 3 });
    expect(now.stats.lag_ms).toBeGreaterThanOrEqual(1_000);
    expect(now.stats.lag_ms).toBeLessThanOrEqual(epochMs() - (logged?.at ?? 0));
    await system.nats.kill();
    aheadMs = 61_000;
    const later = await behind.status();
    expect(later.stats.lag_ms).toBeGreaterThanOrEqual(61_000);
    expect(later.stats.last_sync).toBe(now.stats.last_sync);
    const idle = new OwnReplication({ replicas: () => node.index.replicas(), log: system.log, epochMs });
    aheadMs = 121_000;
    expect((await idle.status()).stats.lag_ms).toBeGreaterThanOrEqual(60_000);
    await system.nats.restart();
  });
});
