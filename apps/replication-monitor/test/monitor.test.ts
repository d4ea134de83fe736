import { describe, expect, it } from '@jest/globals';
import { connectNats, type Catalog } from '@vectorizer/cluster';
import {
  buckets,
  isRoutable,
  NewCollection,
  newUid,
  replicationEvent,
  replicationEvents,
  replicationProof,
  replicationStatus,
  shardResync,
  type CallContext,
  type ReplicationEvent,
  type ReplicaView,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { createHealthApp, replicationHealth } from '@vectorizer/frame';
import { printMetrics } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import { beat, logger, node, report, startMonitor, write, type Setting } from './fixture.ts';
const context = (): CallContext => ({ correlationId: 'c', deadline: Date.now() + 5_000 });
const view = ({ monitor }: Setting, id: string): ReplicaView | undefined =>
  monitor.status().replicas.find((replica) => replica.id === id);

const routable = ({ monitor }: Setting): ReplicaView[] => monitor.status().replicas.filter(isRoutable);

/** Until the monitor has seen how far the logs are. */
async function looked({ monitor }: Setting, lastSequences: number): Promise<void> {
  await until(() => monitor.status().stats.master_offset === lastSequences);
}

const CATALOG = `KV_${buckets.collections}`;

/** Ends the watch by which the monitor hears of collections; another catalog hears. */
async function deafen(setting: Setting): Promise<Catalog> {
  const connection = await connectNats({ servers: setting.nats.url, name: 'deafen' });
  const names = await connection.request(`$JS.API.CONSUMER.NAMES.${CATALOG}`);
  const { consumers } = names.json<{ consumers: string[] }>();
  for (const name of consumers) await connection.request(`$JS.API.CONSUMER.DELETE.${CATALOG}.${name}`);
  await connection.close();
  expect(consumers).not.toEqual([]);
  return setting.openCatalog('hearing');
}

describe('the replication status', () => {
  it('has the numbers of the logs and of what the replicas said', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b']]);
    await write(setting.log, record.uid, 5);
    await looked(setting, 5);
    const said = { entries_applied: 5, operations_applied: 50, bytes_received: 500, phase: 'following' } as const;
    const primary = { primary: true, snapshot: { sequence: 4, bytes: 700 } };
    const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'];
    await beat(
      setting.bus,
      report(record, { node: 'a', applied_sequence: 5, last_applied_at: late, ...said, ...primary }),
      report(record, { node: 'b', applied_sequence: 3, last_applied_at: early, ...said, state_hash: 'ef' }),
    );
    await until(() => view(setting, 'b/books/0')?.lag_entries === 2);
    const status = await setting.bus.call(replicationStatus, {}, { context: context() });
    expect(status).toMatchObject({ role: 'master', enabled: true });
    expect(status.stats).toEqual({
      role: 'master',
      lag_ms: expect.any(Number),
      bytes_sent: 500,
      bytes_received: 1_000,
      last_sync: late,
      operations_pending: 2,
      snapshot_size: 700,
      connected_replicas: 2,
      master_offset: 5,
      replica_offset: 3,
      lag_operations: 2,
      total_replicated: 100,
    });
    expect(status.replicas[0]).toEqual({
      id: 'a/books/0',
      node: 'a',
      collection: 'books',
      shard: 0,
      host: '10.0.0.1',
      port: 15_013,
      status: 'Connected',
      lag_ms: 0,
      lag_entries: 0,
      lag_bytes: 0,
      last_heartbeat: expect.stringMatching(/^\d{4}-.*Z$/),
      last_sync: late,
      operations_synced: 50,
      bytes_received: 500,
      state_hash: 'ab',
      chain: 'cd',
      primary: true,
      address: '10.0.0.1:15013',
      offset: 5,
      lag_operations: 0,
    });
  });

  it('knows where a node that never spoke would be', async () => {
    await using setting = await startMonitor();
    await setting.registry.register({ node: node('a'), host: '::1', port: 7 });
    await setting.collection([['a', 'stranger']]);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Syncing', host: '::1', port: 7, address: '[::1]:7' });
    expect(view(setting, 'stranger/books/0')).toMatchObject({ host: null, port: null, last_heartbeat: null });
  });

  it('of one collection knows it, though the watch that would have told of it is dead', async () => {
    await using setting = await startMonitor();
    const other = await deafen(setting);
    const made = await other.create(NewCollection.parse({ name: 'unheard', dimension: 4 }), () => [[node('a')]]);
    expect(setting.monitor.status().replicas).toEqual([]);
    const { replicas } = await setting.bus.call(replicationStatus, { uid: made.uid }, { context: context() });
    expect(replicas.map(({ id }) => id)).toEqual(['a/unheard/0']);
    const unknown = await setting.bus.call(replicationStatus, { uid: newUid() }, { context: context() });
    expect(unknown.replicas).toEqual([]);
  });
});

describe('lag', () => {
  it('is the age of the oldest entry not applied, and grows by the clock when a replica is cut off', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    await write(setting.log, record.uid, 3);
    await looked(setting, 3);
    const second = await setting.log.entryAt(record.uid, 0, 2);
    const sync = '2026-01-01T00:00:00.000Z';
    setting.passed(500);
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 1, last_applied_at: sync }));
    await until(() => (view(setting, 'a/books/0')?.lag_ms ?? 0) >= 500);
    const speaking = view(setting, 'a/books/0');
    const heardAt = Date.parse(speaking?.last_heartbeat ?? '');
    expect(speaking?.lag_ms).toBe(heardAt - (second?.at ?? 0));
    expect(speaking).toMatchObject({ lag_entries: 2, status: 'Connected' });

    setting.passed(5_000);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Lagging', last_sync: sync });
    const before = view(setting, 'a/books/0')?.lag_ms ?? 0;
    expect(before).toBeGreaterThanOrEqual(5_500);
    setting.passed(60_000);
    const cutOff = view(setting, 'a/books/0');
    expect(cutOff).toMatchObject({ status: 'Disconnected', last_sync: sync, last_heartbeat: speaking?.last_heartbeat });
    expect(cutOff?.lag_ms).toBeGreaterThanOrEqual(before + 60_000);
    expect(routable(setting)).toEqual([]);
    expect(setting.monitor.status().replicas).toHaveLength(1);

    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 3 }));
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Connected', lag_ms: 0, lag_entries: 0 });
    expect(routable(setting)).toHaveLength(1);
  });

  it.each([3_600_000, -3_600_000])('is the same by a clock that is %i ms ahead of the log server', async (misset) => {
    await using setting = await startMonitor({ misset });
    const record = await setting.collection([['a']]);
    await write(setting.log, record.uid, 3);
    await looked(setting, 3);
    const state = await setting.log.state(record.uid, 0);
    expect(Math.abs(state.clockAheadMs + misset)).toBeLessThan(2_000);
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 1 }));
    setting.passed(5_000);
    await until(() => (view(setting, 'a/books/0')?.lag_ms ?? 0) >= 4_000);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Lagging', lag_entries: 2 });
    expect(view(setting, 'a/books/0')?.lag_ms).toBeLessThan(60_000);
  });

  it('is none of an idle replica, however long it idles', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    await write(setting.log, record.uid);
    await looked(setting, 1);
    setting.passed(3_600_000);
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 1 }));
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Connected', lag_ms: 0, lag_entries: 0 });
  });

  it('grows while the log server is away too', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    await write(setting.log, record.uid, 2);
    await looked(setting, 2);
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 1 }));
    await until(() => view(setting, 'a/books/0')?.lag_entries === 1);
    await setting.nats.kill();
    setting.passed(9_000);
    expect(view(setting, 'a/books/0')?.lag_ms).toBeGreaterThanOrEqual(9_000);
    expect(view(setting, 'a/books/0')?.status).toBe('Lagging');
    await setting.nats.restart();
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 2 }));
    await write(setting.log, record.uid);
    await looked(setting, 3);
  });
});

describe('the limits', () => {
  it('are not passed at 10,000 ms of silence and 1,000 ms of lag, and are a millisecond later', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    await write(setting.log, record.uid);
    await looked(setting, 1);
    const logged = await setting.log.entryAt(record.uid, 0, 1);
    setting.stopClock(logged?.at ?? 0);
    const behind = report(record, { node: 'a' });
    const lagging = async (ms: number): Promise<ReplicaView | undefined> => {
      setting.passed(ms);
      await beat(setting.bus, behind);
      return view(setting, 'a/books/0');
    };
    expect(await lagging(1_000)).toMatchObject({ status: 'Connected', lag_ms: 1_000, lag_entries: 1 });
    expect(await lagging(1)).toMatchObject({ status: 'Lagging', lag_ms: 1_001, lag_entries: 1 });
    await beat(setting.bus, report(record, { node: 'a', applied_sequence: 1 }));
    setting.passed(10_000);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Connected', lag_ms: 0 });
    setting.passed(1);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Disconnected', lag_ms: 0 });
  });
});

describe('a diverged replica', () => {
  it('is found by its hash, and is connected no more', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b', 'c']]);
    const replicas = ['a', 'b', 'c'].map((name) => report(record, { node: name, applied_sequence: 4 }));
    await beat(setting.bus, ...replicas, report(record, { node: 'c', applied_sequence: 4, state_hash: 'ff' }));
    expect(routable(setting).map((replica) => replica.node)).toEqual(['a', 'b']);
    expect(view(setting, 'c/books/0')).toMatchObject({
      status: 'Diverged',
      reason: expect.stringContaining('differs'),
    });
  });
});

/** Of which nodes it was asked that they build theirs anew, in order; they begin. */
function askedOf({ bus }: Setting, ...names: readonly string[]): readonly string[] {
  const asked: string[] = [];
  for (const name of names) {
    const begin = (): Promise<object> => {
      asked.push(name);
      return Promise.resolve({});
    };
    bus.serve(shardResync, begin, name);
  }
  return asked;
}

describe('replicas that were stopped because their state is wrong', () => {
  const wrong = { phase: 'diverged', stopped_by: 'state', applied_sequence: 4 } as const;

  it('regression: are built anew, whatever becomes of others of their shard', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['silent', 'refuses', 'obeys']]);
    const { bus } = setting;
    const asked = askedOf(setting, 'silent', 'obeys');
    bus.serve(shardResync, () => Promise.reject(new Failure('replica_diverged', 'kept as it is')), 'refuses');
    await beat(bus, report(record, { node: 'silent', ...wrong }));
    setting.passed(5_001);
    await beat(bus, ...['refuses', 'obeys'].map((name) => report(record, { node: name, ...wrong })));
    await until(() => asked.length > 0);
    expect(asked).toEqual(['obeys']);
  });

  it('regression: do not wait for replicas that are new or were away, but for one another', async () => {
    await using setting = await startMonitor();
    const placement = [...Array.from({ length: 4 }, () => ['new']), ['one', 'other', 'new'], ['elsewhere']];
    const record = await setting.collection(placement);
    const { bus } = setting;
    const asked = askedOf(setting, 'one', 'other', 'elsewhere');
    for (const shard of [0, 1, 2, 3, 4]) await beat(bus, report(record, { node: 'new', shard, phase: 'syncing' }));
    await beat(bus, ...['one', 'other'].map((name) => report(record, { node: name, shard: 4, ...wrong })));
    await until(() => asked.length > 0);
    const resync = { id: newUid(), state: 'running' } as const;
    await beat(bus, report(record, { node: 'one', shard: 4, phase: 'syncing', resync }));
    await beat(bus, report(record, { node: 'elsewhere', shard: 5, ...wrong }));
    await until(() => asked.length > 1);
    await beat(bus, report(record, { node: 'one', shard: 4, resync: { ...resync, state: 'complete' } }));
    await until(() => asked.length > 2);
    expect(asked).toEqual(['one', 'elsewhere', 'other']);
  });

  it('regression: do not wait for the log of another shard', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b'], ['c']]);
    const { bus, log } = setting;
    const asked = askedOf(setting, 'c');
    log.entryAt = () => Promise.reject(new Failure('log_unavailable', 'it is away'));
    // Without a majority the log decides.
    const differing = Object.entries({ a: 'aa', b: 'bb' });
    await beat(bus, ...differing.map(([name, chain]) => report(record, { node: name, applied_sequence: 4, chain })));
    await beat(bus, report(record, { node: 'c', shard: 1, ...wrong }));
    await until(() => asked.length > 0);
  });
});

describe('health', () => {
  it('fails when no replica of a shard can be reached, and only names those whose work another does', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b']]);
    await using app = await createHealthApp({
      service: 'replication-monitor',
      logger,
      checks: [replicationHealth(() => setting.monitor.status())],
      access: { guard: { install: () => undefined } },
      host: '127.0.0.1',
      port: 0,
    });
    const health = async (): Promise<{ code: number; body: string }> => {
      const answer = await app.inject({ method: 'GET', url: '/health' });
      return { code: answer.statusCode, body: answer.body };
    };
    // What was well is told for a moment before it is looked at again.
    const healthSaying = async (text: string): ReturnType<typeof health> => {
      await until(async () => (await health()).body.includes(text), { what: text });
      return health();
    };
    await beat(setting.bus, report(record, { node: 'a' }));
    expect((await health()).code).toBe(200);
    setting.passed(10_001);
    await beat(setting.bus, report(record, { node: 'a' }));
    expect((await healthSaying('"unwell":"1 Disconnected on b"')).code).toBe(200);
    await beat(setting.bus, report(record, { node: 'b', phase: 'diverged' }));
    expect((await healthSaying('"unwell":"1 Diverged on b"')).code).toBe(200);
    setting.passed(10_001);
    await beat(setting.bus, report(record, { node: 'b', phase: 'diverged' }));
    const lost = await healthSaying('no replica can be read: 1 Disconnected on a, 1 Diverged on b');
    expect(lost.code).toBe(503);
    expect(JSON.parse(lost.body)).toMatchObject({ status: 'degraded', failed_checks: ['replication'] });
    expect(lost.body).not.toContain('books');
    expect((await app.inject({ method: 'GET', url: '/health/ready' })).statusCode).toBe(200);
    await beat(setting.bus, report(record, { node: 'b' }));
    expect((await health()).code).toBe(200);
    await beat(setting.bus, report(record, { node: 'b', phase: 'syncing' }));
    expect(setting.monitor.status().stats.connected_replicas).toBe(0);
    expect((await healthSaying('1 Syncing on b')).code).toBe(503);
  });
});

async function shown(...lines: string[]): Promise<boolean> {
  const text = (await printMetrics()).text.split('\n');
  return lines.every((line) => text.includes(line));
}

describe('the state of the cluster', () => {
  it('is measured: replicas by status and lag, points and logs by collection, logs that do not answer', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a'], ['a']]);
    for (const shard of [0, 1]) await beat(setting.bus, report(record, { node: 'a', shard, points: 4 + shard }));
    await until(async () =>
      shown(
        'vectorizer_vectors_total{collection="books"} 9',
        'vectorizer_collections_total 1',
        'vectorizer_log_entries{collection="books"} 0',
        'vectorizer_replication_lag_entries{replica_id="a/books/1"} 0',
        'vectorizer_replication_replicas{status="Connected"} 2',
        'vectorizer_replication_replicas{status="Diverged"} 0',
        'vectorizer_log_unavailable 0',
        'vectorizer_replication_monitor_acting 1',
      ),
    );
    setting.nats.pause();
    await until(async () => shown('vectorizer_log_unavailable 2'));
    setting.nats.resume();
    await until(async () => shown('vectorizer_log_unavailable 0'));
    await setting.catalog.drop('books');
    await until(async () => !(await printMetrics()).text.includes('collection="books"'));
  });
});

describe('a dropped collection', () => {
  it('takes its replicas and their series along, and a namesake inherits nothing', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    await beat(setting.bus, report(record, { node: 'a', operations_applied: 9 }));
    const series = 'vectorizer_replication_lag_ms{replica_id="a/books/0"}';
    await until(async () => (await printMetrics()).text.includes(series));
    await setting.catalog.drop('books');
    expect(setting.monitor.status().replicas).toEqual([]);
    await beat(setting.bus, report(record, { node: 'a', operations_applied: 9 }));
    expect(setting.monitor.status().replicas).toEqual([]);
    await until(async () => !(await printMetrics()).text.includes(series));
    await setting.collection([['a']]);
    expect(view(setting, 'a/books/0')).toMatchObject({ status: 'Syncing', operations_synced: 0, last_heartbeat: null });
  });
});

describe('the proof', () => {
  it('puts the states of the replicas at a common sequence side by side', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b', 'c']]);
    const checkpoints = [{ sequence: 64, chain: 'c1', state_hash: 's1' }];
    const verified_at = '2026-01-01T00:00:00.000Z';
    const replicas = ['a', 'b', 'c'].map((name, i) =>
      report(record, { node: name, applied_sequence: 70 + i, checkpoints, verified_at, chain: `${i}` }),
    );
    await beat(setting.bus, ...replicas);
    const proof = await setting.bus.call(replicationProof, { uid: record.uid }, { context: context() });
    expect(proof).toMatchObject({ collection: 'books', uid: record.uid, agreed: true });
    expect(proof.shards[0]).toMatchObject({ shard: 0, sequence: 64, compared: 3, agreed: true });
    expect(proof.shards[0]?.replicas[2]).toEqual({
      node: 'c',
      status: 'Connected',
      applied_sequence: 72,
      state_hash: 's1',
      chain: 'c1',
      verified_at,
    });
    await beat(setting.bus, report(record, { node: 'c', applied_sequence: 80, phase: 'diverged', reason: 'damaged' }));
    expect(await setting.monitor.proof(record.uid)).toMatchObject({ agreed: false });
  });

  it('needs two that tell where there are two, and is the word of one where there is one', async () => {
    await using setting = await startMonitor();
    const pair = await setting.collection([['a', 'b']]);
    await beat(setting.bus, report(pair, { node: 'a', applied_sequence: 3 }));
    expect((await setting.monitor.proof(pair.uid)).shards).toMatchObject([{ sequence: 3, compared: 1, agreed: false }]);
    await beat(setting.bus, report(pair, { node: 'b', applied_sequence: 3 }));
    expect(await setting.monitor.proof(pair.uid)).toMatchObject({
      agreed: true,
      shards: [{ compared: 2, agreed: true }],
    });
    const alone = await setting.collection([['a']], 'alone');
    await beat(setting.bus, report(alone, { node: 'a', applied_sequence: 3 }));
    expect((await setting.monitor.proof(alone.uid)).shards).toMatchObject([{ compared: 1, agreed: true }]);
  });

  it('says so when nothing was told, and of no collection that does not exist', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a']]);
    expect((await setting.monitor.proof(record.uid)).shards).toMatchObject([
      { sequence: null, compared: 0, agreed: false },
    ]);
    await setting.catalog.drop('books');
    await expect(setting.bus.call(replicationProof, { uid: record.uid }, { context: context() })).rejects.toMatchObject(
      { type: 'collection_not_found' },
    );
  });
});

describe('the events', () => {
  it('are numbered, announced, and remembered', async () => {
    await using setting = await startMonitor();
    const announced: ReplicationEvent[] = [];
    setting.bus.listen(replicationEvent, (event) => announced.push(event));
    const record = await setting.collection([['a']]);
    await beat(setting.bus, report(record, { node: 'a' }));
    await until(() => announced.some(({ kind }) => kind === 'placed'));
    setting.passed(10_001);
    await until(() => announced.some(({ to }) => to === 'Disconnected'));
    await beat(setting.bus, report(record, { node: 'a' }));
    await until(() => announced.some(({ from, to }) => from === 'Disconnected' && to === 'Connected'));
    setting.passed(10_001);
    await until(() => announced.filter(({ to }) => to === 'Disconnected').length === 2);
    const { events, last } = await setting.bus.call(replicationEvents, { after: 0 }, { context: context() });
    expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
    expect(last).toBe(events.length);
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['monitor', 'placed', 'node', 'status']));
    expect(events.at(-1)).toMatchObject({
      kind: 'status',
      replica: 'a/books/0',
      from: 'Connected',
      to: 'Disconnected',
    });
    const rest = await setting.bus.call(replicationEvents, { after: last - 1 }, { context: context() });
    expect(rest.events).toEqual(events.slice(-1));
    expect((await setting.bus.call(replicationEvents, { after: last + 5 }, { context: context() })).events).toEqual([]);
  });

  it('are told by the monitor that acts; the one that takes over tells what happened meanwhile', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b']]);
    const second = setting.another();
    for (const bus of [setting.bus, second.bus]) {
      await beat(bus, report(record, { node: 'a' }), report(record, { node: 'b' }));
    }
    await until(
      async () => (await setting.events.after(0)).events.filter(({ kind }) => kind === 'placed').length === 2,
    );
    expect(second.monitor.acts).toBe(false);
    await setting.monitor.close();
    setting.passed(10_001);
    await beat(second.bus, report(record, { node: 'a' }));
    const told = async (): Promise<readonly ReplicationEvent[]> =>
      (await setting.events.after(0)).events.filter(({ kind }) => kind === 'status');
    await until(async () => (await told()).length > 0);
    expect(second.monitor.acts).toBe(true);
    expect(await told()).toMatchObject([{ replica: 'b/books/0', to: 'Disconnected' }]);
  });

  it('tell a lost node once, whoever acts when it is lost and whoever comes after', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b']]);
    await setting.registry.register({ node: node('b'), host: '::1', port: 7 });
    const second = setting.another();
    const reports = [report(record, { node: 'a' }), report(record, { node: 'b' })];
    for (const bus of [setting.bus, second.bus]) await beat(bus, ...reports);
    await setting.monitor.close();
    // Nobody acts when the time is over.
    setting.passed(70_001);
    await beat(second.bus, report(record, { node: 'a' }));
    const told = async (): Promise<readonly ReplicationEvent[]> =>
      (await setting.events.after(0)).events.filter(({ kind, node: of }) => kind === 'node' && of === 'b');
    await until(async () => (await told()).some(({ to }) => to === 'lost'));
    await second.monitor.close();
    const third = setting.another();
    setting.passed(70_001);
    await until(() => third.monitor.acts);
    await beat(third.bus, report(record, { node: 'a' }));
    const fourth = node('fourth');
    await setting.registry.register({ node: fourth, host: '::1', port: 8 });
    await beat(third.bus, report(record, { node: 'fourth' }));
    setting.passed(70_001);
    const lost = async (): Promise<readonly ReplicationEvent[]> =>
      (await setting.events.after(0)).events.filter(({ to }) => to === 'lost');
    // Those that are lost are told in turn: `b` was passed over when the next one is told.
    await until(async () => (await lost()).some((event) => event.node === 'fourth'));
    expect((await lost()).filter((event) => event.node === 'b')).toHaveLength(1);
    await beat(third.bus, report(record, { node: 'b' }));
    await until(async () => (await told()).at(-1)?.to === 'back');
  });
});
