import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CollectionUid, subjects } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { logServerOf, type LogServer } from '../system/log-server.ts';
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
export type Cluster = System & {
  readonly nodes: Readonly<Record<IndexName, string>>;
  readonly logServer: LogServer;
};

export async function startCluster(settings: Record<string, string> = {}): Promise<Cluster> {
  const system = await startSystem({ nodes: INDEXES.length, faults: true }, { ...SETTINGS, ...settings });
  const ids = INDEXES.map(async (name) => [name, (await readFile(join(system.data, name, 'node-id'), 'utf8')).trim()]);
  const logServer = await logServerOf(system);
  return {
    ...system,
    nodes: Object.fromEntries(await Promise.all(ids)) as Record<IndexName, string>,
    logServer,
    async [Symbol.asyncDispose]() {
      await logServer[Symbol.asyncDispose]();
      await system[Symbol.asyncDispose]();
    },
  };
}

type LogState = { readonly first_seq: number; readonly last_seq: number; readonly bytes: number };

/** What the log server says of the log of a collection's only shard. */
export async function logOf(cluster: Cluster, collection: string): Promise<LogState> {
  const { uid } = await cluster.client.getCollection(collection);
  return stateOf(cluster.logServer, uid);
}

/** Waits until a shared snapshot is stored and the log is cut, so that it begins after the sequence. */
export async function cutBeyond(cluster: Cluster, collection: string, sequence: number): Promise<void> {
  const { uid } = await cluster.client.getCollection(collection);
  await until(async () => (await stateOf(cluster.logServer, uid)).first_seq > sequence + 1, {
    everyMs: 100,
    what: `the log of ${collection} being cut beyond ${sequence}`,
  });
}

async function stateOf(server: LogServer, uid: string): Promise<LogState> {
  const answer = await server.ask(`$JS.API.STREAM.INFO.${subjects.stream(CollectionUid.parse(uid), 0)}`);
  return (answer as { readonly state: LogState }).state;
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
