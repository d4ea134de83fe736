import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CollectionUid, subjects } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { logServerOf } from '../system/log-server.ts';
import { startSystem, type System } from '../system/system.ts';

export const INDEXES = ['index-1', 'index-2', 'index-3'] as const;
export type IndexName = (typeof INDEXES)[number];

/** A log that a test outgrows at will, a snapshot soon after that, and a silent replica that is soon known to be away. */
const SETTINGS = {
  VECTORIZER_VERIFY_INTERVAL_MS: '1000',
  VECTORIZER_LOG_BYTES_MAX: String(64 * 1024),
  VECTORIZER_LOG_RETENTION_MS: '0',
  VECTORIZER_DISCONNECTED_AFTER_MS: '4000',
};

/** Three index nodes and three log servers, and the ids by which placements and replicas name the nodes. */
export type Cluster = System & { readonly nodes: Readonly<Record<IndexName, string>> };

export async function startCluster(settings: Record<string, string> = {}): Promise<Cluster> {
  const system = await startSystem({ nodes: INDEXES.length, faults: true }, { ...SETTINGS, ...settings });
  const ids = INDEXES.map(async (name) => [name, (await readFile(join(system.data, name, 'node-id'), 'utf8')).trim()]);
  return { ...system, nodes: Object.fromEntries(await Promise.all(ids)) as Record<IndexName, string> };
}

/** What the log server says of the log of a collection's only shard. */
export async function logOf(
  cluster: Cluster,
  collection: string,
): Promise<{ readonly first_seq: number; readonly last_seq: number; readonly bytes: number }> {
  const { uid } = await cluster.client.getCollection(collection);
  await using server = await logServerOf(cluster);
  const answer = await server.ask(`$JS.API.STREAM.INFO.${subjects.stream(CollectionUid.parse(uid), 0)}`);
  return (answer as { readonly state: { first_seq: number; last_seq: number; bytes: number } }).state;
}

/** Waits until a shared snapshot is stored and the log is cut, so that it begins after the sequence. */
export async function cutBeyond(cluster: Cluster, collection: string, sequence: number): Promise<void> {
  await until(async () => (await logOf(cluster, collection)).first_seq > sequence + 1, {
    timeoutMs: 60_000,
    what: `the log of ${collection} being cut beyond ${sequence}`,
  });
}

/** Takes an index node away by SIGKILL for as long as `task` runs; returns when it is back and ready. */
export async function without<T>(cluster: Cluster, name: IndexName, task: () => Promise<T>): Promise<T> {
  await cluster.kill(name, 'hold');
  try {
    return await task();
  } finally {
    await cluster.start(name);
    await cluster.ready(name);
  }
}
