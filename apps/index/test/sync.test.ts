import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connectNats, type Claims } from '@vectorizer/cluster';
import { buckets, CHECKPOINT_INTERVAL, NodeId, shardResync } from '@vectorizer/contracts';
import { Gpu, Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import { createLogger } from '@vectorizer/telemetry';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { Replica } from '../src/replica.ts';
import {
  applied,
  create,
  idsNear,
  inPhase,
  openNode,
  QUIET,
  report,
  startNode,
  startSystem,
  upsert,
  viewOf,
  write,
  writeMany,
  type System,
} from './fixture.ts';
import { cutBeyond, flipBit, place, reportIfPlaced, sameState, SHARE_ALL } from './sharing.ts';

describe('a new replica', () => {
  it('is built from a shared snapshot and the log, when the log no longer reaches back to its beginning', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path, SHARE_ALL);
    const books = await create(system, [first]);
    await applied(first, books, await writeMany(system, books, 50));
    await cutBeyond(system, books, 1);
    await using second = await openNode(system, there.path, SHARE_ALL);
    await place(system, books, [first, second]);
    await until(() => reportIfPlaced(second, books)?.full_syncs === 1);
    await inPhase(second, books, 'following');
    await applied(second, books, await writeMany(system, books, 7));
    expect(await report(second, books)).toMatchObject({ full_syncs: 1, points: 50, phase: 'following' });
    await sameState(first, second, books);
    expect(await idsNear(second, books, { vector: [1, 0, 0, 0], k: 1 })).toEqual(['p0']);
  });

  it('is built from the log alone while that reaches back to its beginning', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    const books = await create(system, [first]);
    const last = await writeMany(system, books, 50);
    await using second = await openNode(system, there.path);
    await place(system, books, [first, second]);
    await inPhase(second, books, 'following');
    await applied(second, books, last);
    expect(await report(second, books)).toMatchObject({ full_syncs: 0, points: 50 });
    await sameState(first, second, books);
  });
});

describe('a replica that was away', () => {
  it('goes on from where it was, where the log still holds what it missed', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    const second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    await applied(second, books, await writeMany(system, books, 10));
    await second.index.close();
    const last = await writeMany(system, books, 15);
    await using again = await openNode(system, there.path);
    await applied(again, books, last);
    expect(await report(again, books)).toMatchObject({ full_syncs: 0, points: 15 });
    await sameState(first, again, books);
  });

  it('gets a shared snapshot where the log no longer holds it, and is never seen half-way', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path, SHARE_ALL);
    const second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    await applied(second, books, await writeMany(system, books, 10));
    await second.index.close();
    await writeMany(system, books, 20);
    // The log is cut at the older of two snapshots, so one has to be of what was missed.
    const shared = (): boolean => (system.snapshots.newest(books.uid, 0)?.sequence ?? 0) > 11;
    await until(shared, { what: 'a snapshot of what was missed' });
    const last = await writeMany(system, books, 30);
    await applied(first, books, last);
    await cutBeyond(system, books, 11);
    await using again = await openNode(system, there.path);
    // Until the snapshot is there it shows what it had: ten points, or all of them, but nothing in between.
    const seen = new Set<number>();
    await until(
      async () => {
        const { points, phase, full_syncs } = await report(again, books);
        if (phase === 'following') seen.add(points);
        return phase === 'following' && full_syncs === 1;
      },
      { what: 'the full sync' },
    );
    await applied(again, books, last);
    await sameState(first, again, books);
    expect([...seen]).toEqual([30]);
  });

  it('keeps its files when it is the catalog that was lost, and goes on when its record is back', async () => {
    await using system = await startSystem();
    await using there = await temporaryDirectory();
    const node = await openNode(system, there.path);
    const books = await create(system, [node]);
    const films = await create(system, [node], { name: 'films' });
    const last = await writeMany(system, books, 10);
    await applied(node, books, last);
    await system.catalog.drop(films.name);
    await until(() => reportIfPlaced(node, films) === undefined);
    await node.index.close();
    const connection = await connectNats({ servers: system.nats.url, name: 'loss' });
    await connection.request(`$JS.API.STREAM.DELETE.KV_${buckets.collections}`);
    await connection.close();
    await using view = await viewOf(system.nats);
    await using again = await openNode({ ...view, nats: system.nats }, there.path);
    expect(again.index.replicas()).toEqual([]);
    expect(await readdir(join(there.path, 'replicas'))).toContain(`${books.uid}_0`);
    await view.catalog.put(books, { replace: false });
    await inPhase(again, books, 'following');
    await applied(again, books, last);
    expect(await report(again, books)).toMatchObject({ full_syncs: 0, points: 10, entries_applied: 10 });
  });

  it('removes its files when its replica was placed elsewhere', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    await using second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    await applied(second, books, await writeMany(system, books, 10));
    await place(system, books, [first]);
    await until(async () => (await readdir(join(there.path, 'replicas'))).length === 0);
    expect(second.index.replicas()).toEqual([]);
    await place(system, books, [first, second]);
    await inPhase(second, books, 'following');
    await sameState(first, second, books);
  });
});

describe('a damaged state', () => {
  it('is found while the replica runs, refused to readers, and built anew', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    await using second = await openNode(system, there.path, {
      ...SHARE_ALL,
      sharing: { logBytesMax: 1e9, logRetentionMs: 0 },
    });
    const books = await create(system, [first, second]);
    const last = await writeMany(system, books, 200);
    await applied(second, books, last);
    await until(async () => (await report(second, books)).durable_sequence === last);
    await until(async () => typeof (await report(second, books)).verified_at === 'string');
    // Of a payload, which nothing but the state hash guards.
    await flipBit(join(there.path, 'replicas', `${books.uid}_0`, 'points.mdb'), '{"id":"p77"}');
    await inPhase(second, books, 'diverged');
    expect(await report(second, books)).toMatchObject({ stopped_by: 'state' });
    await expect(idsNear(second, books, { vector: [1, 0, 0, 0] })).rejects.toMatchObject({ type: 'replica_diverged' });
    const { resync: id } = await second.call(shardResync, { uid: books.uid, shard: 0 });
    const ended = async (): Promise<boolean> => (await report(second, books)).resync?.state !== 'running';
    await until(ended, { what: 'the resync' });
    expect((await report(second, books)).resync).toEqual({ id, state: 'complete' });
    const again = await second.call(shardResync, { uid: books.uid, shard: 0 });
    expect(again.resync).not.toBe(id);
    await inPhase(second, books, 'following');
    await applied(second, books, last);
    await sameState(first, second, books);
  });

  it('regression: is found when the replica is opened, and built anew', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    const second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    const last = await writeMany(system, books, 50);
    await applied(second, books, last);
    await second.index.close();
    const points = join(there.path, 'replicas', `${books.uid}_0`, 'points.mdb');
    await truncate(points, (await stat(points)).size - 5_000);
    await using again = await openNode(system, there.path);
    expect(await report(again, books)).toMatchObject({ phase: 'diverged', stopped_by: 'state' });
    await again.call(shardResync, { uid: books.uid, shard: 0 });
    await inPhase(again, books, 'following');
    await applied(again, books, last);
    await sameState(first, again, books);
  });

  it('regression: is found when an entry cannot be applied because of it, and built anew', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    await using second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    const last = await writeMany(system, books, 50);
    await applied(second, books, last);
    await until(async () => (await report(second, books)).durable_sequence === last);
    // Of the quotation mark before the payload's id: it is JSON no more, which a merge needs it to be.
    await flipBit(join(there.path, 'replicas', `${books.uid}_0`, 'points.mdb'), '{"id":"p7');
    await write(system, books, [{ kind: 'payload_merge', id: 'p7', payload: '{"more":1}' }]);
    await inPhase(second, books, 'diverged');
    expect(await report(second, books)).toMatchObject({ stopped_by: 'state' });
    await second.call(shardResync, { uid: books.uid, shard: 0 });
    await inPhase(second, books, 'following');
    await sameState(first, second, books);
  });

  it('is kept when it could not be built anew', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 20));
    await system.log.cut(books.uid, 0, 10);
    await expect(node.call(shardResync, { uid: books.uid, shard: 0 })).rejects.toMatchObject({
      type: 'replica_diverged',
      message: expect.stringContaining('kept as it is'),
    });
    expect(await report(node, books)).toMatchObject({ points: 20, phase: 'following' });
  });
});

describe('a replica that is left with the last entry of its first sync in hand', () => {
  it('regression: lets no read into what is built anew before that has caught up', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using here = claimant(system, 'here');
    const { replica, inHand, isOver } = await replicaWithEntryInHand(system, directory.path, here.claims);
    const reading = (): Promise<number> =>
      replica.read({ sequence: 1, deadline: Date.now() }, ({ sequence }) => sequence);
    const rebuilt = replica.rebuild();
    const leaving = (): boolean => replica.report().resync?.state === 'running';
    await until(leaving, { what: 'the former state being left' });
    await isOver(rebuilt);
    await until(inHand, { what: 'the entry being applied anew' });
    expect(replica.report()).toMatchObject({ applied_sequence: 0, phase: 'syncing', shown: false });
    await expect(reading()).rejects.toMatchObject({ type: 'replica_behind' });
    const caughtUp = until(() => replica.report().phase === 'following');
    await isOver(caughtUp);
    expect(await reading()).toBe(1);
    await replica.close(new Failure('index_unavailable', 'the test is over'));
  });

  it('regression: claims nothing any more when it is closed', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using here = claimant(system, 'here');
    await using there = claimant(system, 'there');
    const { replica, name, isOver } = await replicaWithEntryInHand(system, directory.path, here.claims);
    await isOver(replica.close(new Failure('index_unavailable', 'the test is over')));
    expect(replica.report()).toMatchObject({ phase: 'syncing' });
    const next = there.claims.hold(name);
    await until(() => next.held, { what: 'the name being free' });
  });
});

describe('replicas that can be compared', () => {
  it('tell of their state at the same sequences, and one of them is the primary', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    await using second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    const last = await writeMany(system, books, 3 * CHECKPOINT_INTERVAL + 5);
    await Promise.all([applied(first, books, last), applied(second, books, last)]);
    const [one, other] = await Promise.all([report(first, books), report(second, books)]);
    const sequences = [1, 2, 3].map((n) => n * CHECKPOINT_INTERVAL);
    expect(one.checkpoints?.map(({ sequence }) => sequence)).toEqual(sequences);
    expect(one.checkpoints).toEqual(other.checkpoints);
    const primaries = async (): Promise<number> =>
      (await Promise.all([report(first, books), report(second, books)])).filter(({ primary }) => primary).length;
    await until(async () => (await primaries()) === 1);
  });
});

describe('a node of another cluster', () => {
  it('is refused, and its files are left alone', async () => {
    await using system = await startSystem();
    await using other = await startSystem();
    await using here = await temporaryDirectory();
    const node = await openNode(system, here.path);
    const books = await create(system, [node]);
    await applied(node, books, await writeMany(system, books, 5));
    await node.index.close();
    await expect(openNode(other, here.path)).rejects.toMatchObject({
      type: 'storage_error',
      message: expect.stringContaining('belongs to cluster'),
    });
    await using again = await openNode(system, here.path);
    expect(await report(again, books)).toMatchObject({ points: 5 });
  });

  it('keeps its files when its log servers are no more of its cluster, whatever their catalog lacks', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    const node = await openNode(system, here.path);
    const books = await create(system, [node]);
    await applied(node, books, await writeMany(system, books, 5));
    const connection = await connectNats({ servers: system.nats.url, name: 'test' });
    await connection.request(`$KV.${buckets.cluster}.id`, 'another');
    await system.catalog.drop('books');
    await until(() => node.index.replicas().length === 0, { what: 'the replica being taken off' });
    await node.index.close();
    expect(await readdir(join(here.path, 'replicas'))).toEqual([`${books.uid}_0`]);
    await connection.close();
  });
});

/** A node's claims, and the lease that they stand on. */
function claimant({ leases }: System, name: string): AsyncDisposable & { readonly claims: Claims } {
  const [claims, lease] = [leases.claims(), leases.hold(`node.${name}`, name)];
  claims.standOn(lease);
  return {
    claims,
    async [Symbol.asyncDispose]() {
      await claims.close();
      await lease.close();
    },
  };
}

/** A new replica, whose entries stay in hand while it catches up, until what depends on them is over. */
async function replicaWithEntryInHand(
  system: System,
  directory: string,
  claims: Claims,
): Promise<{
  readonly replica: Replica;
  /** Of its claim. */
  readonly name: string;
  readonly inHand: () => boolean;
  readonly isOver: (what: Promise<unknown>) => Promise<void>;
}> {
  const books = await create(system, [{ id: NodeId.parse('here') }]);
  // So many that applying them takes a turn of its own.
  const points = Array.from({ length: 300 }, (_, i) => upsert(`p${i}`, 1, i, i % 7, i % 3));
  await write(system, books, points);
  const turns = new Turns();
  const take = turns.next.bind(turns);
  const held: (() => void)[] = [];
  turns.next = async (haste) => {
    // Of what goes on in a replica, only the applying knows of a hurry or of patience.
    if (haste === 'patient') await new Promise<void>((resolve) => held.push(resolve));
    await take(haste);
  };
  const replica = new Replica({
    ...system,
    ...QUIET,
    claims,
    node: NodeId.parse('here'),
    record: books,
    shard: 0,
    directory,
    gpu: new Gpu({ mode: 'off' }),
    turns,
    logger: createLogger({ service: 'test', level: 'silent' }),
    onPhase: () => undefined,
    onApplied: () => undefined,
  });
  await replica.open();
  const inHand = (): boolean => held.length > 0;
  await until(inHand, { what: 'an entry in hand' });
  const isOver = async (what: Promise<unknown>): Promise<void> => {
    let over = false;
    const noted = what.finally(() => (over = true));
    const go = (): boolean => {
      if (!over) for (const begin of held.splice(0)) begin();
      return over;
    };
    await until(go, { what: 'the end' });
    await noted;
  };
  return { replica, name: `${books.uid}.0`, inHand, isOver };
}
