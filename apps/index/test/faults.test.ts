import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { CollectionRecord } from '@vectorizer/contracts';
import { Shard } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import { temporaryDirectory } from '@vectorizer/testing';
import { DataDirectory } from '../src/data-directory.ts';
import { indexHealth } from '../src/index-health.ts';
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
  type System,
} from './fixture.ts';

const packageDirectory = fileURLToPath(new URL('..', import.meta.url));

/** Leaves what a node leaves that is killed on its way through the log. */
async function applyHalf({ log }: System, { uid, config }: CollectionRecord, directory: string): Promise<void> {
  const shard = await Shard.open({ ...config, directory });
  const { lastSequence } = await log.state(uid, 0);
  for await (const entry of log.read(uid, 0, { after: 0, signal: new AbortController().signal })) {
    await shard.apply(entry);
    if (entry.sequence * 2 >= lastSequence) break;
  }
  await shard.close();
}

describe('a log that fails', () => {
  it('stops no read of what is applied while it is away, and is followed again when it is back', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 5));
    await system.nats.kill();
    expect(await idsNear(node, books, { vector: [1, 0, 0, 0], k: 1, sequence: 5 })).toEqual(['p0']);
    await system.nats.restart();
    await applied(node, books, await write(system, books, [upsert('after', 0, 0, 0, 1)]));
    expect(await report(node, books)).toMatchObject({ phase: 'following', points: 6, applied_sequence: 6 });
  });

  it('keeps a node from neither starting nor answering', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 5));
    await node.index.close();
    await system.nats.kill();
    await using again = await openNode(system, directory.path);
    expect(await report(again, books)).toMatchObject({ phase: 'syncing', applied_sequence: 5 });
    expect(await idsNear(again, books, { vector: [1, 0, 0, 0], k: 1, sequence: 5 })).toEqual(['p0']);
    await system.nats.restart();
    await inPhase(again, books, 'following');
    await applied(again, books, await write(system, books, [upsert('after', 0, 0, 0, 1)]));
  });

  it('lets no read into a replica that had not caught up before the restart', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    const node = await openNode(system, directory.path);
    await node.index.close();
    const books = await create(system, [node]);
    const last = await writeMany(system, books, 10);
    await applyHalf(system, books, join(directory.path, 'replicas', `${books.uid}_0`));
    await system.nats.kill();
    await using again = await openNode(system, directory.path);
    expect(await report(again, books)).toMatchObject({ phase: 'syncing', points: 5, shown: false });
    await expect(idsNear(again, books, { vector: [1, 0, 0, 0] })).rejects.toMatchObject({ type: 'replica_behind' });
    await system.nats.restart();
    await inPhase(again, books, 'following');
    await applied(again, books, last);
    expect(await report(again, books)).toMatchObject({ phase: 'following', points: 10, shown: true });
  });

  it('makes a replica diverged when it is replaced, and that replica refuses reads', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 5));
    expect(await indexHealth(node.index).check()).toMatchObject({ replicas: { following: 1, diverged: 0 } });
    const waiting = applied(node, books, 1_000);
    await system.log.dropStreams(books.uid);
    await system.log.ensureStreams(books.uid, 1);
    await write(system, books, [upsert('foreign', 1, 0, 0, 0)]);
    await expect(waiting).rejects.toMatchObject({ type: 'replica_diverged' });
    expect(await report(node, books)).toMatchObject({ phase: 'diverged', applied_sequence: 5, points: 5 });
    expect((await report(node, books)).reason).toContain('the log was replaced');
    await expect(idsNear(node, books, { vector: [1, 0, 0, 0] })).rejects.toMatchObject({ type: 'replica_diverged' });
    expect(() => indexHealth(node.index).check()).toThrow('0 failed, 1 diverged');
  });

  it('is found replaced also by a node that was away', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 5));
    await node.index.close();
    await system.log.dropStreams(books.uid);
    await system.log.ensureStreams(books.uid, 1);
    await writeMany(system, books, 9);
    await using again = await openNode(system, directory.path);
    await inPhase(again, books, 'diverged');
    expect(await report(again, books)).toMatchObject({ applied_sequence: 5, points: 5 });
  });
});

describe('a damaged replica', () => {
  it('is failed and says why, while the node and its other replicas go on', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    const node = await openNode(system, directory.path);
    const [books, films] = [await create(system, [node]), await create(system, [node], { name: 'films' })];
    await applied(node, books, await writeMany(system, books, 3));
    await applied(node, films, await writeMany(system, films, 3));
    await node.index.close();
    const graph = join(directory.path, 'replicas', `${books.uid}_0`, 'graph');
    await rm(graph, { recursive: true });
    await writeFile(graph, 'not a directory');
    await using again = await openNode(system, directory.path);
    expect(await report(again, books)).toMatchObject({ phase: 'failed' });
    expect((await report(again, books)).reason).toContain('EEXIST');
    await expect(idsNear(again, books, { vector: [1, 0, 0, 0] })).rejects.toMatchObject({ type: 'storage_error' });
    expect(await idsNear(again, films, { vector: [1, 0, 0, 0], k: 1 })).toEqual(['p0']);
    expect(() => indexHealth(again.index).check()).toThrow('1 failed');
  });
});

describe('a data directory', () => {
  it('belongs to one node at a time', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    const node = await openNode(system, directory.path);
    const taken = `data directory ${directory.path} is in use by another process`;
    await expect(openNode(system, directory.path)).rejects.toMatchObject({ type: 'storage_error', message: taken });
    await node.index.close();
    await using next = await openNode(system, directory.path);
    expect(next.id).toBe(node.id);
  });

  it('is free again when its process was killed', async () => {
    await using directory = await temporaryDirectory();
    const script = `
      import { DataDirectory } from './src/data-directory.ts';
      const { node } = await DataDirectory.open(${JSON.stringify(directory.path)}, 'a');
      process.stdout.write(node);
      setInterval(() => {}, 1000);`;
    const child = spawn(
      process.execPath,
      ['--conditions=@vectorizer/source', '--no-warnings', '--input-type=module', '--eval', script],
      { cwd: packageDirectory, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(child, 'exit');
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    await expect(DataDirectory.open(directory.path, 'a')).rejects.toThrow('in use by another process');
    child.kill('SIGKILL');
    await exited;
    const freed = await DataDirectory.open(directory.path, 'a');
    expect(printed.toString()).toBe(freed.node);
    expect(freed.node).toMatch(/^node-[a-z0-9]{8}$/);
    await freed.close();
  });

  it('is refused in one line when it cannot be used or its id is not one', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await expect(DataDirectory.open(join(file, 'data'), 'a')).rejects.toThrow(
      /data directory .* cannot be written: ENOTDIR/,
    );
    const strange = join(directory.path, 'strange');
    await mkdir(strange);
    await writeFile(join(strange, 'node-id'), 'Not An Id');
    const failure = await DataDirectory.open(strange, 'a').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ type: 'storage_error', message: expect.stringContaining('node-id does not hold') });
  });
});
