import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { connectNats } from '@vectorizer/cluster';
import {
  buckets,
  shardCount,
  shardDescribe,
  subjects,
  type CollectionRecord,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { temporaryDirectory, until } from '@vectorizer/testing';
import {
  applied,
  create,
  idsNear,
  inPhase,
  openNode,
  report,
  startNode,
  startSystem,
  upsert,
  write,
  writeMany,
  type Node,
  type System,
} from './fixture.ts';
import { cutBeyond, place, SHARE_ALL } from './sharing.ts';
import { startNodeProcess, type NodeProcess } from './node-process.ts';

const run = promisify(execFile);
const HOUR_MS = 3_600_000;

/** Puts bytes on a subject as any client of the log server can. */
async function publish({ nats }: System, subject: string, bytes: Uint8Array): Promise<void> {
  const connection = await connectNats({ servers: nats.url, name: 'stranger' });
  try {
    await connection.request(subject, bytes, { timeout: 10_000 });
  } finally {
    await connection.close();
  }
}

async function stateOf(node: Pick<Node, 'call'>, { uid }: CollectionRecord): Promise<Partial<ReplicaReport>> {
  const { applied_sequence, points, state_hash, chain } = await node.call(shardDescribe, { uid, shard: 0 });
  return { applied_sequence, points, state_hash, chain };
}

async function caughtUp(node: Pick<Node, 'call'>, { uid }: CollectionRecord, sequence: number): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const found = await node.call(shardDescribe, { uid, shard: 0 }).catch(() => undefined);
    return found?.phase === 'following' && found.applied_sequence >= sequence;
  };
  await until(isThere, { what: `${sequence} being applied` });
}

describe('a foreign message in a log', () => {
  it.each([
    ['of a few bytes', Buffer.from('hello')],
    ['of 10 MB', Buffer.alloc(10_000_000, 'x')],
  ])('%s is rejected and passed over, by every replica alike', async (_, bytes) => {
    await using system = await startSystem({ maxPayload: '16MB' });
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using first = await openNode(system, here.path);
    await using second = await openNode(system, there.path);
    const books = await create(system, [first, second]);
    await writeMany(system, books, 5);
    await publish(system, subjects.log(books.uid, 0), bytes);
    const last = await write(system, books, [upsert('after', 0, 0, 0, 1)]);
    expect(last).toBe(7);
    for (const node of [first, second]) {
      await applied(node, books, last);
      expect(await report(node, books)).toMatchObject({ phase: 'following', points: 6, entries_rejected: 1 });
    }
    expect(await stateOf(first, books)).toEqual(await stateOf(second, books));
  });

  it('of 10 MB is refused by a log server as we configure it', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    const huge = publish(system, subjects.log(books.uid, 0), Buffer.alloc(10_000_000));
    await expect(huge).rejects.toThrow(/max_payload/i);
    await applied(node, books, await writeMany(system, books, 5));
    expect(await report(node, books)).toMatchObject({ phase: 'following', points: 5, entries_rejected: 0 });
  });
});

describe('a shared snapshot of another version', () => {
  it('is of no use: a replica that needs one waits for one that it can read, and the others go on', async () => {
    await using setting = await startNode();
    const { system, node: first, books } = setting;
    const films = await create(system, [first], { name: 'films' });
    await applied(first, books, await writeMany(system, books, 20));
    await system.log.cut(books.uid, 0, 10);
    const manifest = JSON.stringify({ v: 2, uid: books.uid, shard: 0, sequence: 20, layout: 'unheard of' });
    await publish(system, `$KV.${buckets.manifests}.${books.uid}.0.20`, Buffer.from(manifest));
    await using there = await temporaryDirectory();
    await using second = await openNode(system, there.path);
    for (const { name } of [books, films]) {
      await system.catalog.update(name, (record) => ({ ...record, placement: [[first.id, second.id]] }));
    }
    await inPhase(second, films, 'following');
    expect(await report(second, books)).toMatchObject({ phase: 'syncing', points: 0 });
    await expect(idsNear(second, books, { vector: [1, 0, 0, 0], sequence: 20 })).rejects.toMatchObject({
      type: 'replica_behind',
    });
    expect(await idsNear(first, books, { vector: [1, 0, 0, 0], k: 1 })).toEqual(['p0']);
  });
});

/** A point of 4 KiB. */
function wide(i: number): ReturnType<typeof upsert> {
  return upsert(`p${i}`, ...Array.from({ length: 1_024 }, () => i + 1));
}

describe('a node whose disk is full', () => {
  it('says so and refuses reads, the others go on, and it catches up once there is room', async () => {
    await using setting = await startNode();
    const { system, node: healthy } = setting;
    await using there = await temporaryDirectory();
    await using disk = await smallDisk(there.path);
    const full = await startNodeProcess(system, disk.path, disk.limit);
    await using owned = new AsyncDisposableStack();
    owned.use(full);
    const films = await create(system, [healthy, full], { name: 'films', dimension: 1_024 });
    let last = 0;
    for (let i = 0; i < 3_000; i += 200)
      last = await write(
        system,
        films,
        Array.from({ length: 200 }, (_, k) => wide(i + k)),
      );
    await caughtUp(healthy, films, last);
    const hasFailed = async (): Promise<boolean> => (await reportOf(full, films)).phase === 'failed';
    await until(hasFailed, { what: 'the full disk being noticed' });
    expect(await reportOf(full, films)).toMatchObject({
      stopped_by: 'node',
      reason: expect.stringMatching(disk.reason),
    });
    const count = { uid: films.uid, shard: 0, min_sequence: 0 };
    await expect(full.call(shardCount, count)).rejects.toMatchObject({ type: 'storage_error' });
    expect(await healthy.call(shardCount, count)).toMatchObject({ count: 3_000 });
    await full.stop();
    await disk.makeRoom();
    await using again = await startNodeProcess(system, disk.path);
    await caughtUp(again, films, last);
    expect(await stateOf(again, films)).toEqual(await stateOf(healthy, films));
  });
});

describe('a node whose disk is too small for a shared snapshot', () => {
  it('says so, stops fetching it, and gets it once there is room', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    await using healthy = await openNode(system, here.path, SHARE_ALL);
    await using disk = await smallDisk(there.path);
    const films = await create(system, [healthy], { name: 'films', dimension: 1_024 });
    let last = 0;
    for (let i = 0; i < 3_000; i += 200) {
      last = await write(
        system,
        films,
        Array.from({ length: 200 }, (_, k) => wide(i + k)),
      );
    }
    const shared = (): boolean => (system.snapshots.newest(films.uid, 0)?.sequence ?? 0) === last;
    await until(shared, { what: 'a snapshot of everything' });
    await cutBeyond(system, films, 1);
    const full = await startNodeProcess(system, disk.path, disk.limit);
    await using owned = new AsyncDisposableStack();
    owned.use(full);
    await place(system, films, [healthy, full]);
    const hasFailed = async (): Promise<boolean> => {
      const found = await reportOf(full, films).catch(() => undefined);
      return found?.phase === 'failed';
    };
    await until(hasFailed, { what: 'the full disk being noticed' });
    expect(await reportOf(full, films)).toMatchObject({
      stopped_by: 'node',
      reason: expect.stringMatching(disk.reason),
      full_sync: null,
    });
    await full.stop();
    await disk.makeRoom();
    await using again = await startNodeProcess(system, disk.path);
    await caughtUp(again, films, last);
    expect(await stateOf(again, films)).toEqual(await stateOf(healthy, films));
  });
});

async function reportOf(node: NodeProcess, { uid }: CollectionRecord): Promise<ReplicaReport> {
  return node.call(shardDescribe, { uid, shard: 0 });
}

type SmallDisk = AsyncDisposable & {
  readonly path: string;
  readonly limit: { readonly fileKibMax?: number };
  readonly reason: RegExp;
  makeRoom(): Promise<void>;
};

/** A disk of 8 MiB where this process may mount one, else files that may not grow beyond that. */
async function smallDisk(directory: string): Promise<SmallDisk> {
  const path = join(directory, 'disk');
  await mkdir(path);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path]).then(
    () => true,
    () => false,
  );
  return {
    path,
    limit: mounted ? {} : { fileKibMax: 8 * 1024 },
    reason: mounted ? /the disk is full/ : /cannot (write the store|store a shared snapshot)/,
    async makeRoom() {
      if (mounted) await run('mount', ['-o', 'remount,size=256m', path]);
    },
    async [Symbol.asyncDispose]() {
      if (mounted) await run('umount', [path]);
    },
  };
}

describe('a clock that is set back an hour', () => {
  it('loses nothing and holds nothing up: the node applies, answers, shares and agrees with the others', async () => {
    await using setting = await startNode();
    const { system, node: other } = setting;
    await using there = await temporaryDirectory();
    await using late = await startNodeProcess(system, there.path);
    const films = await create(system, [other, late], { name: 'films' });
    await caughtUp(late, films, await writeMany(system, films, 20));
    await late.setClockBack(HOUR_MS);
    const last = await writeMany(system, films, 30);
    await caughtUp(late, films, last);
    expect(await late.call(shardCount, { uid: films.uid, shard: 0, min_sequence: last })).toMatchObject({ count: 30 });
    const early = late.call(shardCount, { uid: films.uid, shard: 0, min_sequence: last + 5 }, 300);
    await expect(early).rejects.toMatchObject({ type: expect.stringMatching(/replica_behind|deadline_exceeded/) });
    await caughtUp(other, films, last);
    expect(await stateOf(late, films)).toEqual(await stateOf(other, films));
    expect((await system.log.state(films.uid, 0)).lastSequence).toBe(last);
  });
});
