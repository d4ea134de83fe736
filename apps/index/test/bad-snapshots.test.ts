import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { newUid, shardBackup, shardQuarantine, shardResync, type CollectionRecord } from '@vectorizer/contracts';
import { temporaryDirectory, until } from '@vectorizer/testing';
import {
  applied,
  create,
  inPhase,
  openNode,
  report,
  startNode,
  startSystem,
  writeMany,
  type System,
} from './fixture.ts';
import { cutBeyond, flipBit, place, reportIfPlaced, sameState, SHARE_ALL } from './sharing.ts';

const run = promisify(execFile);

describe('a damaged shared snapshot', () => {
  it('is passed over for the log while that reaches back to its beginning', async () => {
    await using setting = await startNode();
    await using there = await temporaryDirectory();
    const { system, node: first, books } = setting;
    const last = await writeMany(system, books, 20);
    await damagedSnapshot(system, books, last);
    await using second = await openNode(system, there.path);
    await place(system, books, [first, second]);
    await inPhase(second, books, 'following');
    await applied(second, books, last);
    await sameState(first, second, books);
    expect(await report(second, books)).toMatchObject({ full_syncs: 0, points: 20 });
  });

  it('is passed over for the one before it', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    const first = await openNode(system, here.path, SHARE_ALL);
    const books = await create(system, [first]);
    await applied(first, books, await writeMany(system, books, 20));
    await cutBeyond(system, books, 1);
    await first.index.close();
    await damagedSnapshot(system, books, await writeMany(system, books, 30));
    await using again = await openNode(system, here.path);
    await using second = await openNode(system, there.path);
    await place(system, books, [again, second]);
    await until(() => reportIfPlaced(second, books)?.full_syncs === 1);
    await inPhase(second, books, 'following');
    await sameState(again, second, books);
    expect(await report(second, books)).toMatchObject({ full_syncs: 1, points: 30 });
  });
});

describe('a snapshot that cannot be put in its place', () => {
  it('stops the replica, which says why, and can be built anew once that is mended', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path, SHARE_ALL);
    const second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    await applied(second, books, await writeMany(system, books, 10));
    await second.index.close();
    const shared = (): boolean => (system.snapshots.newest(books.uid, 0)?.sequence ?? 0) > 11;
    await writeMany(system, books, 20);
    await until(shared, { what: 'a snapshot of what was missed' });
    const last = await writeMany(system, books, 30);
    await cutBeyond(system, books, 11);
    await using held = await heldDirectory(join(there.path, 'replicas', `${books.uid}_0`));
    await using again = await openNode(system, there.path);
    await inPhase(again, books, 'failed');
    expect(await report(again, books)).toMatchObject({ stopped_by: 'node', reason: expect.stringMatching(/E[A-Z]+/) });
    await held.letGo();
    await again.call(shardResync, { uid: books.uid, shard: 0 });
    await inPhase(again, books, 'following');
    await applied(again, books, last);
    await sameState(first, again, books);
  });
});

describe('a damaged state', () => {
  it('is never shared: what would be stored is read again first, and stops the replica', async () => {
    await using setting = await startNode();
    const { system, node, books, directory } = setting;
    const last = await writeMany(system, books, 100);
    await applied(node, books, last);
    await until(async () => (await report(node, books)).durable_sequence === last);
    await flipBit(join(directory.path, 'replicas', `${books.uid}_0`, 'points.mdb'), '{"id":"p77"}');
    const into = newUid();
    const asked = async (): Promise<unknown> => node.call(shardBackup, { uid: books.uid, shard: 0, into });
    await inPhase(node, books, 'following');
    await asked().catch(() => undefined);
    await inPhase(node, books, 'diverged');
    expect(await report(node, books)).toMatchObject({ stopped_by: 'state' });
    expect([...(await system.snapshots.stored()).keys()]).toEqual([]);
  });

  it('is kept, though a snapshot is listed, when that turns out to be damaged', async () => {
    await using setting = await startNode();
    const { system, node, books, directory } = setting;
    const last = await writeMany(system, books, 20);
    await applied(node, books, last);
    await damagedSnapshot(system, books, last);
    await system.log.cut(books.uid, 0, 10);
    await node.call(shardQuarantine, { uid: books.uid, shard: 0, reason: 'as a test wants it', by: 'state' });
    await inPhase(node, books, 'diverged');
    const { resync: id } = await node.call(shardResync, { uid: books.uid, shard: 0 });
    const told = async (): Promise<boolean> => (await report(node, books)).resync?.state === 'failed';
    await until(told, { what: 'the end of the resync' });
    expect((await report(node, books)).resync).toEqual({
      id,
      state: 'failed',
      reason: expect.stringContaining('kept'),
    });
    await node.index.close();
    await using again = await openNode(system, directory.path);
    const stopped = { phase: 'diverged', stopped_by: 'state', reason: 'as a test wants it' };
    expect(await report(again, books)).toMatchObject({ points: 20, full_syncs: 0, ...stopped });
  });
});

describe('a replica that was stopped', () => {
  it('regression: answers nobody after a restart either, until it is built anew', async () => {
    await using setting = await startNode();
    const { system, node, books, directory } = setting;
    const last = await writeMany(system, books, 20);
    await applied(node, books, last);
    await node.call(shardQuarantine, { uid: books.uid, shard: 0, reason: 'as a test wants it', by: 'log' });
    await inPhase(node, books, 'diverged');
    await node.index.close();
    const restarted = await openNode(system, directory.path);
    const stopped = { phase: 'diverged', stopped_by: 'log', reason: 'as a test wants it', points: 20 };
    expect(await report(restarted, books)).toMatchObject(stopped);
    await expect(applied(restarted, books, last)).rejects.toMatchObject({ type: 'replica_diverged' });
    await restarted.call(shardResync, { uid: books.uid, shard: 0 });
    await applied(restarted, books, last);
    await restarted.index.close();
    await using again = await openNode(system, directory.path);
    await applied(again, books, last);
    expect(await report(again, books)).toMatchObject({ points: 20 });
  });
});

/** As a store that lost a bit would list it: the manifest is whole, what it names is not. */
async function damagedSnapshot(system: System, { uid }: CollectionRecord, sequence: number): Promise<void> {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'points.mdb'), 'a');
  const hex = '0'.repeat(64);
  await system.snapshots.put(
    {
      v: 1,
      uid,
      shard: 0,
      sequence,
      chain: hex,
      state_hash: hex,
      points: 1,
      taken_at: new Date().toISOString(),
      files: [{ path: 'points.mdb', bytes: 1, sha256: hex }],
    },
    directory.path,
  );
}

/** Which cannot be removed: something is mounted in it, or this process may not. */
async function heldDirectory(path: string): Promise<AsyncDisposable & { letGo(): Promise<void> }> {
  const inside = join(path, 'graph');
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', inside]).then(
    () => true,
    () => false,
  );
  if (!mounted) await chmod(path, 0o500);
  let held = true;
  const letGo = async (): Promise<void> => {
    if (!held) return;
    held = false;
    await (mounted ? run('umount', ['-l', inside]) : chmod(path, 0o700));
  };
  return { letGo, [Symbol.asyncDispose]: letGo };
}
