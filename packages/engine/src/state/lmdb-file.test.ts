import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory, type SeededRandom } from '@vectorizer/testing';
import { PAGE_BYTES } from './lmdb-file.ts';
import { LmdbStore, type Write } from './lmdb-store.ts';

const PAGE = PAGE_BYTES;

async function filled(path: string): Promise<void> {
  const store = LmdbStore.open(path);
  for (const key of ['a', 'b', 'c']) await store.commit([{ key: Buffer.from(key), value: Buffer.alloc(20_000, key) }]);
  await store.close();
}

function randomWrites(random: SeededRandom): Write[] {
  return Array.from({ length: 1 + random.int(40) }, () => ({
    key: Buffer.from(`k${random.int(300)}`),
    value: random.uniform() < 0.4 ? undefined : Buffer.alloc(random.int(12_000)),
  }));
}

describe('regression: a damaged store, which would crash the process inside LMDB', () => {
  it.each<readonly [string, (path: string, bytes: Buffer) => Promise<void>]>([
    ['a meta page is not one', async (path) => writeFile(path, Buffer.alloc(3 * PAGE, 7))],
    ['a meta page is not one', async (path, bytes) => writeFile(path, bytes.fill(0, PAGE, 2 * PAGE))],
    ['shorter than its two meta pages', async (path) => truncate(path, PAGE + 100)],
    ['cut short', async (path, bytes) => truncate(path, bytes.length - 1)],
  ])('is refused: %s', async (fault, damage) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'points.mdb');
    await filled(path);
    await damage(path, await readFile(path));
    expect(() => LmdbStore.open(path)).toThrow(`${path} is damaged (${fault})`);
  });

  it('is never seen in a sound file, whatever was written and removed (seed 7)', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'points.mdb');
    const random = seededRandom(7);
    for (let round = 0; round < 60; round++) {
      const store = LmdbStore.open(path);
      for (let commit = 0; commit < 3; commit++) await store.commit(randomWrites(random));
      await store.close();
    }
    const store = LmdbStore.open(path);
    expect(store.peek(Buffer.from('never written'))).toBeUndefined();
    await store.close();
  });
});
