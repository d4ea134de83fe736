import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFile } from '@vectorizer/files';
import type { ShardSnapshot, SnapshotFile } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Turns } from '../apply/turns.ts';
import type { ShardMeta } from '../state/meta.ts';
import { ShardState } from '../state/shard-state.ts';
import { sha256OfFile } from '../vector/sealed-file.ts';
import { checkState } from './check-state.ts';

/** What a snapshot is found to be: the manifest without what only its keeper knows. */
export type Written = Pick<ShardSnapshot, 'sequence' | 'chain' | 'state_hash' | 'points' | 'files'>;

/** Where the parts of a replica lie in its directory. */
export const POINTS_FILE = 'points.mdb';
export const GRAPH_DIRECTORY = 'graph';
/** The index may be saved anew while its files are linked; that takes far longer than linking them. */
const LINK_ATTEMPTS_MAX = 5;

type Source = {
  readonly state: ShardState;
  /** Of the saved index. */
  readonly graphDirectory: string;
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
  readonly turns: Turns;
};

/**
 * Writes a consistent copy of a replica while it goes on: LMDB's own copy of one transaction, and the saved index, of
 * whatever age, by links. What it is of is read from the copy itself, and every point of it: others will throw away what
 * they have for it. Throws a failure that `isDamaged` when they are not what was written.
 */
export async function writeSnapshot(source: Source): Promise<Written> {
  const { state, graphDirectory, directory } = source;
  await mkdir(join(directory, GRAPH_DIRECTORY), { recursive: true });
  await state.flush();
  const points = join(directory, POINTS_FILE);
  await state.copyTo(points);
  await syncFile(points);
  await linkIndex(graphDirectory, join(directory, GRAPH_DIRECTORY));
  await syncFile(directory);
  const { sequence, chain, state_hash, points: count } = await figuresOf(points, source);
  const names = await readdir(join(directory, GRAPH_DIRECTORY));
  const paths = [POINTS_FILE, ...names.map((name) => `${GRAPH_DIRECTORY}/${name}`)];
  const files: SnapshotFile[] = [];
  for (const path of paths) {
    const file = join(directory, path);
    files.push({ path, bytes: (await stat(file)).size, sha256: await sha256OfFile(file) });
  }
  return { sequence, chain, state_hash, points: count, files };
}

async function figuresOf(path: string, { state, signal, turns }: Source): Promise<ShardMeta> {
  const { dimension, metric } = state.meta;
  const copy = await ShardState.open(path, { dimension, metric });
  try {
    using snapshot = copy.snapshot();
    await checkState(snapshot, copy.proven, { signal, turns });
    return copy.proven;
  } finally {
    await copy.close();
    await rm(`${path}-lock`, { force: true });
  }
}

/** All or none of the files of one save: the manifest, which is replaced last, is the same before and after. */
async function linkIndex(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await namesOf(from);
    try {
      for (const name of before) await link(join(from, name), join(to, name));
      if (String(await namesOf(from)) === String(before)) break;
    } catch (cause) {
      if (attempt === LINK_ATTEMPTS_MAX) throw new Failure('storage_error', `cannot link ${from}`, { cause });
    }
    for (const name of await readdir(to)) await rm(join(to, name));
    if (attempt === LINK_ATTEMPTS_MAX) break;
  }
  await syncFile(to);
}

/** Names of files are never used twice, but for the manifest's. */
async function namesOf(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.endsWith('.new')).toSorted();
}
