import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFile } from '@vectorizer/files';
import type { Metric, SnapshotFile } from '@vectorizer/contracts';
import type { Turns } from '../apply/turns.ts';
import { ShardState } from '../state/shard-state.ts';
import { sha256OfFile } from '../vector/sealed-file.ts';
import { checkState } from './check-state.ts';
import { damaged } from './damaged.ts';
import { POINTS_FILE, type Written } from './write-snapshot.ts';

export type Expected = Written & { readonly dimension: number; readonly metric: Metric; readonly turns: Turns };

/**
 * Finds out whether the files in a directory are the snapshot that they should be: each by its length and SHA-256, and
 * the stored points by the state hash that they come to. Throws `storage_error` saying what differs.
 */
export async function verifySnapshot(directory: string, expected: Expected): Promise<void> {
  for (const file of expected.files) await checkFile(directory, file);
  const path = join(directory, POINTS_FILE);
  const state = await ShardState.open(path, expected);
  try {
    const found = state.proven;
    for (const name of ['sequence', 'chain', 'state_hash', 'points'] as const) {
      if (found[name] !== expected[name]) {
        throw damaged(`the snapshot's ${name} is ${found[name]}, where it should be ${expected[name]}`);
      }
    }
    using snapshot = state.snapshot();
    await checkState(snapshot, found, { hurried: true, turns: expected.turns });
  } finally {
    await state.close();
    await rm(`${path}-lock`, { force: true });
  }
}

/**
 * Makes a verified snapshot a replica's directory. A kill at any instant leaves there the former files, none, or all of
 * the new ones; the rest stays under `from`, and is found there by the next attempt.
 */
export async function installSnapshot(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
  await syncFile(dirname(to));
}

async function checkFile(directory: string, { path, bytes, sha256 }: SnapshotFile): Promise<void> {
  const file = join(directory, path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw damaged(`the snapshot lacks ${path}`);
  if (found.size !== bytes)
    throw damaged(`${path} of the snapshot has ${found.size} bytes, where it should have ${bytes}`);
  const digest = await sha256OfFile(file);
  if (digest !== sha256) throw damaged(`${path} of the snapshot has SHA-256 ${digest}, where it should have ${sha256}`);
}
