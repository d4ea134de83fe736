import { describe, expect, it } from '@jest/globals';
import type { ReplicationEvent, ReplicationProof, ReplicationStatus } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { flipBit, uidOf } from './bit-flips.ts';
import { Cluster, type Node } from './cluster.ts';

/** Nothing is read again by itself, so that only the comparison of replicas can find what is wrong. */
const NO_SCRUB = { sharing: { logBytesMax: 2 ** 40, logRetentionMs: 0 }, verifyIntervalMs: 3_600_000 };
/** From the end of a payload of 12 bytes: before it lie a vector of 16 bytes and the point's digest. */
const IN_DIGEST = 12 + 16 + 8;

const allConnected = ({ replicas }: ReplicationStatus): boolean =>
  replicas.every(({ status, lag_entries }) => status === 'Connected' && lag_entries === 0);
const proofOf = async (cluster: Cluster): Promise<ReplicationProof> =>
  cluster.get('/api/v1/replication/proof?collection=books');
const agreedAt = async (cluster: Cluster, sequence: number): Promise<void> =>
  until(
    async () => {
      const { agreed, shards } = await proofOf(cluster);
      return agreed && shards.every((shard) => shard.sequence === sequence);
    },
    { what: `all agreeing at ${sequence}` },
  );
const eventsOf = async (cluster: Cluster, node: Node): Promise<readonly ReplicationEvent[]> =>
  (await cluster.side.events.after(0)).events.filter(({ replica }) => replica === `${node.id}/books/0`);
/** Until every replica's state is in its store, not only in memory. */
const stored = async (nodes: readonly Node[], sequence: number): Promise<void> =>
  until(
    () => nodes.every(({ index }) => index.replicas().every(({ durable_sequence }) => durable_sequence === sequence)),
    { what: 'all being stored' },
  );

describe('three replicas of real index nodes', () => {
  it('are proved to be the same, and told of with real numbers that survive restarts', async () => {
    await using cluster = await Cluster.start();
    const monitor = await cluster.addMonitor();
    const nodes = [await cluster.addNode(), await cluster.addNode(), await cluster.addNode()];
    await cluster.create('books', 3);
    await cluster.write('books', 70);
    const before = await cluster.until(
      'all being connected',
      (status) => allConnected(status) && status.stats.total_replicated === 210,
    );
    expect(before.stats).toMatchObject({ connected_replicas: 3, operations_pending: 0, master_offset: 70 });
    expect(before.stats.bytes_sent).toBeGreaterThan(70 * 30);
    expect(before.stats.bytes_received).toBe(3 * before.stats.bytes_sent);
    await agreedAt(cluster, 70);
    const [shard] = (await proofOf(cluster)).shards;
    expect(shard?.replicas).toHaveLength(3);
    expect(new Set(shard?.replicas.map(({ state_hash, chain }) => `${state_hash} ${chain}`)).size).toBe(1);

    await monitor.close();
    for (const node of nodes) await node.stop();
    for (const node of nodes) await node.start();
    await cluster.addMonitor();
    const after = await cluster.until(
      'all being back',
      (status) => allConnected(status) && status.stats.total_replicated === 210,
    );
    const { bytes_sent, bytes_received, total_replicated, master_offset } = before.stats;
    expect(after.stats).toMatchObject({ bytes_sent, bytes_received, total_replicated, master_offset });
  });

  it('show what was written within moments', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    for (let i = 0; i < 2; i++) await cluster.addNode();
    await cluster.create('books', 2);
    await cluster.write('books', 5);
    const before = await cluster.until('all being applied', ({ stats }) => stats.total_replicated === 10);
    await cluster.write('books', 5);
    const after = await cluster.until('all being applied', ({ stats }) => stats.total_replicated === 20);
    expect(after.stats.bytes_sent).toBeGreaterThan(before.stats.bytes_sent);
    expect(Date.parse(after.stats.last_sync ?? '')).toBeGreaterThan(Date.parse(before.stats.last_sync ?? ''));
  });
});

describe('a flipped bit in the store of one replica', () => {
  it('is found within a minute; the replica is read no more, built anew, and back', async () => {
    await using cluster = await Cluster.start();
    const monitor = await cluster.addMonitor();
    const nodes = [await cluster.addNode(), await cluster.addNode(), await cluster.addNode()] as const;
    await cluster.create('books', 3);
    await cluster.write('books', 80);
    await cluster.until('all being connected', allConnected);
    await stored(nodes, 80);
    const startMs = performance.now();
    await flipBit(nodes[2], '{"id":"p33"}', { uid: await uidOf(cluster) });
    const resync = async (): Promise<ReplicationEvent | undefined> =>
      (await eventsOf(cluster, nodes[2])).find(({ kind }) => kind === 'resync');
    await until(async () => (await resync()) !== undefined);
    expect(performance.now() - startMs).toBeLessThan(60_000);
    expect((await resync())?.reason).toMatch(/what is stored comes to|is not what was written/);
    await cluster.until('the replica being back', allConnected);
    await agreedAt(cluster, 80);
    expect(monitor.status().stats.connected_replicas).toBe(3);
  });

  it('that keeps the store from being opened again has the replica built anew too', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const nodes = [await cluster.addNode(NO_SCRUB), await cluster.addNode(NO_SCRUB)] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 40);
    await stored(nodes, 40);
    await agreedAt(cluster, 40);
    const chain = (await proofOf(cluster)).shards[0]?.replicas[0]?.chain ?? '';
    await nodes[0].stop();
    // Of these two digits' characters the lowest bit makes no hexadecimal digit.
    const at = chain.length - chain.search(/[af]/);
    await flipBit(nodes[0], chain, { uid: await uidOf(cluster), at });
    await nodes[0].start();
    await until(async () => (await eventsOf(cluster, nodes[0])).some(({ kind }) => kind === 'resync'));
    await cluster.until('both being back', allConnected);
    await agreedAt(cluster, 40);
  });

  it('that has changed what the replica comes to is found by comparison: the majority decides', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const add = async (): Promise<Node> => cluster.addNode(NO_SCRUB);
    const nodes = [await add(), await add(), await add()] as const;
    await cluster.create('books', 3);
    await cluster.write('books', 40);
    await stored(nodes, 40);
    await flipBit(nodes[0], '{"id":"p33"}', { uid: await uidOf(cluster), at: IN_DIGEST });
    // The wrong digest is taken out of the sum when the point is written anew. Nobody waits: it may be found meanwhile.
    await cluster.write('books', 40, { wait: 'logged' });
    await until(async () => (await eventsOf(cluster, nodes[0])).some(({ kind }) => kind === 'resync'));
    await cluster.until('the replica being back', allConnected);
    await agreedAt(cluster, 80);
    const [event] = (await eventsOf(cluster, nodes[0])).filter(({ kind }) => kind === 'resync');
    expect(event?.reason).toMatch(/its state at sequence \d+ differs from most replicas/);
    expect((await eventsOf(cluster, nodes[1])).filter(({ kind }) => kind === 'resync')).toEqual([]);
  });

  it('of one of two is settled by building both anew, one after the other', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const nodes = [await cluster.addNode(NO_SCRUB), await cluster.addNode(NO_SCRUB)] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 40);
    await stored(nodes, 40);
    await flipBit(nodes[0], '{"id":"p33"}', { uid: await uidOf(cluster), at: IN_DIGEST });
    await cluster.write('books', 40, { wait: 'logged' });
    for (const node of nodes) {
      await until(async () => (await eventsOf(cluster, node)).some(({ kind }) => kind === 'resync'));
    }
    await cluster.until('both being back', allConnected);
    await agreedAt(cluster, 80);
  });
});

describe('a replica that has applied other entries', () => {
  it('is told from the true one by the log, where there are only two', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const nodes = [await cluster.addNode(NO_SCRUB), await cluster.addNode(NO_SCRUB)] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 40);
    await stored(nodes, 40);
    await agreedAt(cluster, 40);
    const chain = (await proofOf(cluster)).shards[0]?.replicas[0]?.chain ?? '';
    await nodes[0].stop();
    // Of these digits' characters the lowest bit makes another hexadecimal digit.
    const at = chain.length - chain.search(/[0-9b-e]/);
    await flipBit(nodes[0], chain, { uid: await uidOf(cluster), at });
    await nodes[0].start();
    await until(async () => (await eventsOf(cluster, nodes[0])).some(({ kind }) => kind === 'resync'));
    await cluster.until('both being back', allConnected);
    await agreedAt(cluster, 40);
    const [event] = (await eventsOf(cluster, nodes[0])).filter(({ kind }) => kind === 'resync');
    expect(event?.reason).toContain('the entries that it applied at sequence 40 differ');
    expect((await eventsOf(cluster, nodes[1])).filter(({ kind }) => kind === 'resync')).toEqual([]);
  });

  it('because its log was rolled back is shown and refused, and nothing of it is thrown away', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const nodes = [await cluster.addNode(), await cluster.addNode()] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 20);
    await stored(nodes, 20);
    const record = await cluster.side.catalog.find('books');
    if (record === undefined) throw new Error('the collection exists');
    for (const node of nodes) await node.stop();
    await cluster.side.log.dropStreams(record.uid);
    await cluster.side.log.ensureStreams(record.uid, 1);
    for (const node of nodes) await node.start();
    const status = await cluster.until('both being diverged', ({ replicas }) =>
      replicas.every((replica) => replica.status === 'Diverged'),
    );
    expect(status.replicas[0]?.reason).toContain('the log was replaced');
    expect(status.stats.connected_replicas).toBe(0);
    const found = await cluster.send('POST', '/api/v1/collections/books/search', { vector: [1, 0, 0, 0], k: 1 });
    expect(found.code).toBe(503);
    const health = await cluster.app.inject({ method: 'GET', url: '/health' });
    expect(health.statusCode).toBe(503);
    expect(health.json()).toMatchObject({ status: 'degraded', failed_checks: ['replication'] });
    expect(nodes[0].index.replicas()).toMatchObject([{ points: 20, stopped_by: 'log' }]);
    expect((await eventsOf(cluster, nodes[0])).map(({ kind }) => kind)).not.toContain('resync');
  });
});

describe('a lost node', () => {
  const quick = { disconnectedAfterMs: 1_000, replaceAfterMs: 500 };

  it('has its replicas placed on another one, and removes them when it is back', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor(quick);
    const nodes = [await cluster.addNode(), await cluster.addNode()] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 30);
    await nodes[0].stop();
    const third = await cluster.addNode();
    await cluster.until('the replica being elsewhere', (status) => {
      const holders = status.replicas.map(({ node }) => node);
      return allConnected(status) && holders.includes(third.index.node) && !holders.includes(nodes[0].index.node);
    });
    await agreedAt(cluster, 30);
    expect(third.index.replicas()).toMatchObject([{ points: 30 }]);
    await nodes[0].start();
    await until(() => nodes[0].index.replicas().length === 0);
    const told = async (): Promise<string[]> =>
      (await cluster.side.events.after(0)).events.map((event) =>
        [event.kind, event.replica ?? event.node, event.to].join(' '),
      );
    const news = [`removed ${nodes[0].id}/books/0 `, `placed ${third.id}/books/0 `, `node ${third.id} joined`];
    await until(async () => (await told()).filter((event) => news.includes(event)).length === 3);
  });

  it('is dealt with by the monitor that takes over from one that is gone', async () => {
    await using cluster = await Cluster.start();
    const first = await cluster.addMonitor(quick);
    await until(() => first.acts);
    const second = await cluster.addMonitor(quick);
    const nodes = [await cluster.addNode(), await cluster.addNode(), await cluster.addNode()] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 10);
    expect(second.acts).toBe(false);
    await first.close();
    const holder = (await cluster.status()).replicas[0]?.node;
    await nodes.find(({ id }) => id === holder)?.stop();
    await cluster.until('the replica being elsewhere', (status) => {
      const holders = status.replicas.map(({ node }) => node);
      return allConnected(status) && holders.length === 2 && holder !== undefined && !holders.includes(holder);
    });
    expect(second.acts).toBe(true);
    await agreedAt(cluster, 10);
  });
});
