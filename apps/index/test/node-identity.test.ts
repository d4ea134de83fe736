import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { openNode, startSystem } from './fixture.ts';

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
});
