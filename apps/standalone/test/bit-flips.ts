import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Cluster, Node } from './cluster.ts';

/**
 * Flips one bit of a text in the store of a replica, in every copy: LMDB leaves former ones on pages that it has freed. `at`
 * counts from the end of the text.
 */
export async function flipBit(node: Node, text: string, { at = 3, uid }: { at?: number; uid: string }): Promise<void> {
  const path = join(node.directory, 'replicas', `${uid}_0`, 'points.mdb');
  const bytes = await readFile(path);
  await using file = await open(path, 'r+');
  let flipped = 0;
  for (let found = bytes.indexOf(text); found >= 0; found = bytes.indexOf(text, found + 1)) {
    const position = found + text.length - at;
    await file.write(Buffer.of(bytes.readUInt8(position) ^ 1), 0, 1, position);
    flipped += 1;
  }
  expect(flipped).toBeGreaterThan(0);
}

export async function uidOf(cluster: Cluster, name = 'books'): Promise<string> {
  return (await cluster.get<{ uid: string }>(`/api/v1/collections/${name}`)).uid;
}
