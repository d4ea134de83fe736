import { open, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeededRandom } from '@vectorizer/testing';

/** What a node is known by: without it this would be another node, and no damaged one. */
const IDENTITY = /(node|cluster)-id$/;
const FLIPS = 16;

/** Damages one file of a stopped index node: cuts its end off, or flips bits in it. */
export async function tearFiles(directory: string, random: SeededRandom): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !IDENTITY.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  if (files.length === 0) return;
  const file = random.pick(files);
  await using handle = await open(file, 'r+');
  const { size } = await handle.stat();
  if (size === 0) return;
  if (random.uniform() < 0.5) {
    await truncate(file, random.int(size));
    return;
  }
  for (let i = 0; i < FLIPS; i++) {
    const position = random.int(size);
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ (1 << random.int(8))), 0, 1, position);
  }
}
