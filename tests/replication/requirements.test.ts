import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReplicaView, ReplicationStats } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { scheme } from '../system/secure.ts';
import { cutBeyond, startCluster, type Cluster, type IndexName } from './cluster.ts';
import { some, wide } from './points.ts';
import { agreed, allConnected, askReplication, exactStats, statusOf, sum, untilView, viewsOf } from './replicas.ts';

/** The requirements of replication statistics, one by one, each against what happened and not against a shape alone. */
const DISCONNECTED_AFTER_MS = 8_000;
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ VECTORIZER_DISCONNECTED_AFTER_MS: String(DISCONNECTED_AFTER_MS) });
});
afterAll(async () => cluster[Symbol.asyncDispose]());

async function create(name: string, dimension = 3): Promise<void> {
  await cluster.client.createCollection({ name, dimension, metric: 'euclidean', replication_factor: 3 });
}

async function insertEach(collection: string, from: number, to: number): Promise<void> {
  for (const point of some(from, to)) await cluster.client.insert(collection, [point]);
}

/** What a replica is known to be once it is so. */
function view(collection: string, name: IndexName, holds: (view: ReplicaView) => boolean): Promise<ReplicaView> {
  return untilView(cluster, { collection, name }, { holds, what: 'being as expected' });
}

/** Of the whole cluster: each collection here has three replicas. */
async function replicaCount(perShard = 3): Promise<number> {
  return perShard * (await cluster.client.listCollections()).length;
}

const ageMs = (time: string | null): number => Date.now() - Date.parse(time ?? '');

describe('the status of the cluster', () => {
  it('R1 has the bytes sent, the replicas connected, what is pending and the size of the newest snapshot', async () => {
    await create('r1', 512);
    const before = await exactStats(cluster);
    for (const point of wide(0, 50, 512)) await cluster.client.insert('r1', [point]);
    await cutBeyond(cluster, 'r1', 0);
    const [view1] = await allConnected(cluster, 'r1');
    let after = await exactStats(cluster);
    expect(after).toMatchObject({ connected_replicas: 3, operations_pending: 0 });
    expect(after.bytes_sent - before.bytes_sent).toBe(view1?.bytes_received);
    expect(after.bytes_sent - before.bytes_sent).toBeGreaterThan(50 * 512 * 4);
    await until(
      async () => {
        after = await exactStats(cluster);
        const replicas = Object.values(await agreed(cluster.client, 'r1'));
        return replicas.some(({ snapshot }) => snapshot?.bytes === after.snapshot_size);
      },
      { what: 'the size of the snapshot being what the primary says' },
    );
    expect(after.snapshot_size).toBeGreaterThan(50 * 512 * 4);
  });

  it('R2 has the lag, the bytes received, the last sync and what is pending of each replica', async () => {
    await create('r2');
    const from = Date.now();
    await insertEach('r2', 0, 10);
    const views = await allConnected(cluster, 'r2');
    expect(views).toHaveLength(3);
    for (const { lag_ms, bytes_received, last_sync, lag_entries } of views) {
      expect([lag_ms, lag_entries]).toEqual([0, 0]);
      expect(bytes_received).toBe(views[0]?.bytes_received);
      expect(bytes_received).toBeGreaterThan(10 * 3 * 4);
      expect(Date.parse(last_sync ?? '')).toBeGreaterThanOrEqual(from);
      expect(Date.parse(last_sync ?? '')).toBeLessThanOrEqual(Date.now());
    }
  });

  it('R4 says Connected of a replica whose heartbeats arrive, with a lag below 50 ms', async () => {
    await create('r4');
    await insertEach('r4', 0, 5);
    let last = (await allConnected(cluster, 'r4'))[0]?.last_heartbeat ?? '';
    const stop = new AbortController();
    let written = 5;
    const writer = (async (): Promise<void> => {
      for (; !stop.signal.aborted; written++) await insertEach('r4', written, written + 1);
    })();
    const lags: number[] = [];
    let seen = 0;
    try {
      for (let beats = 0; beats < 5; beats++) {
        const next = await view('r4', 'index-1', ({ last_heartbeat }) => (last_heartbeat ?? '') > last);
        expect(next.status).toBe('Connected');
        lags.push(next.lag_ms);
        last = next.last_heartbeat ?? '';
        seen = next.offset;
      }
    } finally {
      stop.abort();
      await writer;
    }
    expect(seen).toBeGreaterThan(5);
    // A machine that does much else may hold one of them up.
    expect(lags.toSorted((a, b) => a - b)[2]).toBeLessThan(50);
  });

  it('R5 says Lagging of a replica that is more than a second behind, and goes on writing', async () => {
    await create('r5');
    await insertEach('r5', 0, 3);
    await allConnected(cluster, 'r5');
    await cluster.pause('index-3');
    try {
      await insertEach('r5', 3, 5);
      const lagging = await view('r5', 'index-3', ({ status }) => status === 'Lagging');
      expect(lagging.lag_ms).toBeGreaterThan(1_000);
      expect(lagging.lag_entries).toBe(2);
      expect(await cluster.client.insert('r5', some(5, 6))).toMatchObject({ succeeded: 1, sequences: [6] });
    } finally {
      await cluster.resume('index-3');
    }
    const back = await view('r5', 'index-3', ({ status, offset }) => status === 'Connected' && offset === 6);
    expect(back).toMatchObject({ lag_ms: 0, lag_entries: 0 });
  });

  it('R8 has role, enabled, stats and replicas', async () => {
    await create('r8');
    await allConnected(cluster, 'r8');
    const status = await statusOf(cluster.client);
    expect(Object.keys(status).toSorted()).toEqual(['enabled', 'replicas', 'role', 'stats']);
    expect(status).toMatchObject({ role: 'master', enabled: true, stats: { role: 'master' } });
    expect(status.replicas.filter(({ collection }) => collection === 'r8')).toHaveLength(3);
    const own = { role: 'master', connected_replicas: await replicaCount() };
    expect(await askReplication(cluster, 'stats')).toMatchObject(own);
  });

  it('R9 changes with a write: bytes sent at once, pending and lag for as long as a replica has not applied it', async () => {
    await create('r9');
    await insertEach('r9', 0, 2);
    await allConnected(cluster, 'r9');
    const before = await exactStats(cluster);
    await cluster.pause('index-3');
    let during: ReplicationStats = before;
    try {
      await insertEach('r9', 2, 6);
      const late = await view('r9', 'index-3', ({ lag_entries, lag_ms }) => lag_entries === 4 && lag_ms > 0);
      expect(late.offset).toBe(2);
      await until(
        async () => {
          during = (await statusOf(cluster.client)).stats;
          return during.operations_pending === 4 && during.bytes_sent > before.bytes_sent;
        },
        { what: 'four entries pending' },
      );
      expect((await viewsOf(cluster, 'r9')).slice(0, 2).map(({ lag_entries }) => lag_entries)).toEqual([0, 0]);
    } finally {
      await cluster.resume('index-3');
    }
    await allConnected(cluster, 'r9');
    const after = await exactStats(cluster);
    expect(after).toMatchObject({ operations_pending: 0, lag_ms: 0, master_offset: before.master_offset + 4 });
    expect(after.total_replicated).toBe(before.total_replicated + 3 * 4);
  });

  it('R10 has every field of the statistics, each of its type', async () => {
    const stats: Record<string, unknown> = { ...(await statusOf(cluster.client)).stats };
    const numbers = ['lag_ms', 'bytes_sent', 'bytes_received', 'operations_pending', 'snapshot_size'];
    const older = ['master_offset', 'replica_offset', 'lag_operations', 'total_replicated'];
    for (const name of [...numbers, 'connected_replicas', ...older]) {
      expect([name, Number.isInteger(stats[name])]).toEqual([name, true]);
    }
    expect(stats['role']).toBe('master');
    expect(new Date(String(stats['last_sync'])).toISOString()).toBe(stats['last_sync']);
  });

  it('R11 has every field of each replica, each of its type', async () => {
    await create('r11');
    await insertEach('r11', 0, 2);
    for (const each of await allConnected(cluster, 'r11')) {
      const { id, host, port, status, lag_ms, last_heartbeat, operations_synced } = each;
      expect(id).toBe(`${each.node}/r11/0`);
      expect([host, status, lag_ms, operations_synced]).toEqual(['127.0.0.1', 'Connected', 0, 2]);
      // Its own endpoint is where the cluster says that it is.
      expect((await fetch(`${scheme}://${host}:${port}/health/live`)).status).toBe(200);
      expect(new Date(String(last_heartbeat)).toISOString()).toBe(last_heartbeat);
      expect(each).toMatchObject({ address: `${host}:${port}`, offset: 2, lag_operations: 0 });
    }
  });

  it('R12 costs at most a hundredth of a processor when it is asked for every second', async () => {
    await create('r12');
    await allConnected(cluster, 'r12');
    const { processes } = await cluster.status();
    const involved = processes.filter(({ name }) => /^(gateway|monitor)-/.test(name));
    expect(involved).toHaveLength(2 + 2);
    const cpuSeconds = async (): Promise<number> => {
      const texts = await Promise.all(involved.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
      return sum(texts.map((text) => Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1])));
    };
    // Once without being measured: the first requests are compiled.
    const ask = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await statusOf(cluster.client);
    };
    await ask();
    const before = await cpuSeconds();
    await ask();
    expect(((await cpuSeconds()) - before) / 100).toBeLessThan(0.01);
  });

  it('R13 is what older clients know, under the paths that they know', async () => {
    await create('r13');
    await insertEach('r13', 0, 3);
    await allConnected(cluster, 'r13');
    const older = async (path: string): Promise<unknown> => (await fetch(`${cluster.url}/replication/${path}`)).json();
    const { role, enabled, stats, replicas } = (await older('status')) as {
      role: string;
      enabled: boolean;
      stats: Record<string, unknown>;
      replicas: Record<string, unknown>[];
    };
    expect([role, enabled]).toEqual(['Master', true]);
    expect(Number.isInteger(stats['last_sync'])).toBe(true);
    const [mine] = replicas.filter(({ id }) => String(id).includes('/r13/'));
    expect(mine).toMatchObject({ status: 'Connected', offset: 3, operations_synced: 3, lag_operations: 0 });
    expect(Math.abs(Number(mine?.['last_heartbeat']) - Date.now() / 1_000)).toBeLessThan(30);
    expect(await older('stats')).toMatchObject({ role: 'master', connected_replicas: await replicaCount() });
    expect(await older('replicas')).toMatchObject({ count: replicas.length });
  });

  it('R14 is exact under load, and the same after every process that counts was started again', async () => {
    const { client } = cluster;
    await create('r14');
    const before = await exactStats(cluster);
    const writers = Array.from({ length: 10 }, (_, i) => some(i * 50, (i + 1) * 50));
    await Promise.all(
      writers.map(async (points) => {
        for (let i = 0; i < 50; i += 5) await client.insert('r14', points.slice(i, i + 5));
      }),
    );
    const views = await allConnected(cluster, 'r14');
    expect(views.map(({ operations_synced }) => operations_synced)).toEqual([500, 500, 500]);
    const after = await exactStats(cluster);
    expect(after.total_replicated - before.total_replicated).toBe(3 * 500);
    expect(after.bytes_sent - before.bytes_sent).toBe(views[0]?.bytes_received);
    expect(after.bytes_received - before.bytes_received).toBe(sum(views.map(({ bytes_received }) => bytes_received)));

    const counting = (await cluster.status()).processes
      .map(({ name }) => name)
      .filter((name) => /^(index|monitor)-/.test(name));
    expect(counting).toHaveLength(3 + 2);
    await Promise.all(counting.map(async (name) => cluster.kill(name, 'hold')));
    await Promise.all(counting.map(async (name) => cluster.start(name)));
    await Promise.all(counting.map(async (name) => cluster.ready(name)));
    await allConnected(cluster, 'r14');
    // What had not reached the disk yet was applied again, now: that is the last sync. Another snapshot may have become due.
    const { last_sync: _, snapshot_size: stored, ...counts } = after;
    let again: object = {};
    await until(
      async () => {
        const { last_sync: __, snapshot_size: found, ...rest } = await exactStats(cluster);
        again = rest;
        return found >= stored;
      },
      { what: 'the primaries having looked for their snapshots' },
    );
    expect(again).toEqual(counts);
  });

  it('R14 tells replicas with different lags apart', async () => {
    await create('r14-lags');
    await insertEach('r14-lags', 0, 2);
    await allConnected(cluster, 'r14-lags');
    await cluster.pause('index-2');
    await insertEach('r14-lags', 2, 5);
    await view('r14-lags', 'index-3', ({ offset }) => offset === 5);
    await cluster.pause('index-3');
    try {
      await insertEach('r14-lags', 5, 9);
      await view('r14-lags', 'index-1', ({ offset, lag_entries }) => offset === 9 && lag_entries === 0);
      const more = await view('r14-lags', 'index-2', ({ lag_entries, lag_ms }) => lag_entries === 7 && lag_ms > 0);
      const less = await view('r14-lags', 'index-3', ({ lag_entries, lag_ms }) => lag_entries === 4 && lag_ms > 0);
      expect([more.offset, less.offset]).toEqual([2, 5]);
    } finally {
      await cluster.resume('index-2');
      await cluster.resume('index-3');
    }
    await allConnected(cluster, 'r14-lags');
  });
});

describe('a replica that is away', () => {
  let synced: ReplicaView | undefined;
  let away: ReplicaView | undefined;
  beforeAll(async () => {
    await create('away');
    await insertEach('away', 0, 4);
    [, synced] = await allConnected(cluster, 'away');
    await cluster.kill('index-2', 'hold');
    await insertEach('away', 4, 7);
    away = await view('away', 'index-2', ({ status }) => status === 'Disconnected');
  });

  it('R3 lags more and more, by the clock, while its last sync is what it was', async () => {
    const first = away?.lag_ms ?? 0;
    expect(first).toBeGreaterThan(DISCONNECTED_AFTER_MS / 2);
    const later = await view('away', 'index-2', ({ lag_ms }) => lag_ms > first + 500);
    expect(later).toMatchObject({ status: 'Disconnected', lag_entries: 3, last_sync: synced?.last_sync });
  });

  it('R6 is Disconnected once it was silent for too long, is not read from, and the others go on', async () => {
    const { client, nodes } = cluster;
    expect(ageMs(away?.last_heartbeat ?? null)).toBeGreaterThan(DISCONNECTED_AFTER_MS);
    const { replicas } = (await askReplication(cluster, 'replicas?routable=true')) as { replicas: ReplicaView[] };
    const own = replicas.filter(({ collection }) => collection === 'away').map(({ node }) => node);
    expect(own.toSorted()).toEqual([nodes['index-1'], nodes['index-3']].toSorted());
    const connected = await replicaCount(2);
    await until(async () => (await statusOf(client)).stats.connected_replicas === connected);
    await insertEach('away', 7, 8);
    expect(await client.count('away', { consistency: 'strong' })).toEqual({ count: 8 });
    await view('away', 'index-1', ({ status, offset }) => status === 'Connected' && offset >= 8);
  });

  it('R7 is listed with the two others, as it was last heard', async () => {
    const { replicas, count } = (await askReplication(cluster, 'replicas')) as {
      replicas: ReplicaView[];
      count: number;
    };
    expect(count).toBe(await replicaCount());
    const own = replicas.filter(({ collection }) => collection === 'away');
    const byNode = new Map(own.map((each) => [each.node, each]));
    expect(own).toHaveLength(3);
    for (const each of own) {
      for (const field of ['id', 'host', 'port', 'status', 'lag_ms', 'last_heartbeat']) {
        expect(each).toHaveProperty(field);
      }
    }
    expect(byNode.get(cluster.nodes['index-2'])).toMatchObject({
      status: 'Disconnected',
      offset: 4,
      operations_synced: 4,
      state_hash: synced?.state_hash,
    });
    // Each monitor notes when it heard it.
    const heard = Date.parse(byNode.get(cluster.nodes['index-2'])?.last_heartbeat ?? '');
    expect(Math.abs(heard - Date.parse(away?.last_heartbeat ?? ''))).toBeLessThan(5_000);
    for (const name of ['index-1', 'index-3'] as const) {
      expect(byNode.get(cluster.nodes[name])).toMatchObject({ status: 'Connected', lag_ms: 0 });
    }
  });

  it('R14 is Connected again, with all that it missed, once it is back', async () => {
    await insertEach('away', 8, 10);
    await cluster.start('index-2');
    await cluster.ready('index-2');
    const [one, back] = await allConnected(cluster, 'away');
    expect(back).toMatchObject({ status: 'Connected', offset: 10, lag_ms: 0, operations_synced: 10 });
    expect(back?.state_hash).toBe(one?.state_hash);
    expect(await exactStats(cluster)).toMatchObject({ connected_replicas: await replicaCount() });
  });
});
