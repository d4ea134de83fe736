import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest } from '@vectorizer/contracts';
import { Shard } from '@vectorizer/engine';
import { temporaryDirectory } from '@vectorizer/testing';
import { beginOpening, type Opening } from './opening.ts';

const PAGE_BYTES = 4_096;

async function makeState(directory: string): Promise<void> {
  const shard = await Shard.open({
    directory,
    kind: 'cpu',
    dimension: 64,
    metric: 'dot',
    hnsw: { m: 16, ef_construction: 200, ef_search: 64 },
  });
  const ops = Array.from({ length: 100 }, (_, n) => ({
    kind: 'upsert' as const,
    id: `${n}`,
    vector: new Float32Array(64).fill(n),
  }));
  const bytes = encodeEntry({ at: Date.now(), requests: [encodeRequest({ id: 'first', ops }).request] });
  await shard.apply({ sequence: 1, at: Date.now(), bytes });
  await shard.flush();
  await shard.close();
}

describe('the opening of a state', () => {
  const { signal } = new AbortController();
  const begin = async (directory: string): Promise<Opening> => beginOpening(directory, signal);

  it('is refused once it has ended the process twice, and another one as well', async () => {
    await using directory = await temporaryDirectory();
    await makeState(directory.path);
    const file = join(directory.path, 'points.mdb');
    const bytes = await readFile(file);
    // All but the two meta pages, which are looked at in any case.
    await writeFile(file, bytes.fill(0xff, 2 * PAGE_BYTES));
    await begin(directory.path);
    await begin(directory.path);
    await expect(begin(directory.path)).rejects.toMatchObject({ type: 'storage_error', details: { damaged: true } });
  });

  it('is as any other when the state is sound, or was opened for long, or is not there yet', async () => {
    await using directory = await temporaryDirectory();
    for (let i = 0; i < 4; i++) await begin(join(directory.path, 'nothing'));
    await makeState(directory.path);
    let opening = await begin(directory.path);
    for (let i = 0; i < 3; i++) opening = await begin(directory.path);
    await opening.over();
    expect(existsSync(join(directory.path, 'opening'))).toBe(false);
  });
});
