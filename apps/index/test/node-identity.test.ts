import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Failure } from '@vectorizer/errors';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { create, inPhase, openNode, QUIET, report, startSystem } from './fixture.ts';

describe('a data directory', () => {
  it('shows what is stored in it to nobody else on the machine', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    expect(node.id).toMatch(/^node-/);
    expect((await stat(join(directory.path, 'replicas'))).mode & 0o077).toBe(0);
  });
});

describe('a copy of a data directory', () => {
  it('is refused while the node is served from the other, and opens when that has ended', async () => {
    await using system = await startSystem();
    await using here = await temporaryDirectory();
    await using there = await temporaryDirectory();
    const original = await openNode(system, here.path);
    for (const name of ['node-id', 'cluster-id']) await cp(join(here.path, name), join(there.path, name));
    await expect(openNode(system, there.path)).rejects.toMatchObject({
      type: 'storage_error',
      message: expect.stringContaining(`index node ${original.id} is served by another process`),
    });
    await original[Symbol.asyncDispose]();
    await using copy = await openNode(system, there.path);
    expect(copy.id).toBe(original.id);
  });

  it('takes over from one that was cut off, which then serves nobody any more', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    const { promise: takenOver, resolve: onTakenOver } = Promise.withResolvers<Failure>();
    await using node = await openNode(system, directory.path, { ...QUIET, onTakenOver });
    const books = await create(system, [node]);
    await inPhase(node, books, 'following');
    // As when its lease ran out meanwhile, and a copy has got it; from any seat.
    const owner = 'another-host/1/2#3';
    const copy = system.leases.holdFrom('', { name: `node.${node.id}`, owner });
    expect((await takenOver).message).toMatch(/is served by another process, on another-host/);
    await expect(report(node, books)).rejects.toMatchObject({ type: 'index_unavailable' });
    await copy.close();
  });

  it('regression: is noticed also by one that could ask nobody when it was started', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    const before = await openNode(system, directory.path);
    await before.index.close();
    const copy = system.leases.hold(`node.${before.id}`, 'another-host/1/2#3');
    await until(() => copy.held, { what: 'the copy being served' });
    system.leases.holder = () => Promise.reject(new Failure('log_unavailable', 'no log server answers'));
    const { promise: takenOver, resolve: onTakenOver } = Promise.withResolvers<Failure>();
    await using node = await openNode(system, directory.path, { ...QUIET, onTakenOver });
    expect(node.id).toBe(before.id);
    expect((await takenOver).message).toMatch(/is served by another process, on another-host/);
    await copy.close();
  });
});
