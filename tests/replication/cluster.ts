import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSystem, type System } from '../system/system.ts';

export const INDEXES = ['index-1', 'index-2', 'index-3'] as const;
export type IndexName = (typeof INDEXES)[number];

/** A log that a test outgrows at will, and a silent replica that is soon known to be away. */
const SETTINGS = {
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
