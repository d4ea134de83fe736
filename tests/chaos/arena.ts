import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats } from '@vectorizer/cluster';
import { CollectionUid } from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
import { until } from '@vectorizer/testing';
import { VectorizerClient } from '@vectorizer/client';
import { credentialsFor } from '../system/keys.ts';
import { operator } from '../system/secure.ts';
import type { System } from '../system/system.ts';
import type { Evidence } from './evidence.ts';
import type { HistoryEvent } from './history.ts';
import type { Door } from './http-call.ts';
import { DIMENSION } from './intents.ts';
import { FollowedLogs } from './followed-logs.ts';
import { replicasAtRest } from './gather.ts';

export const SHARDS = 2;
const COLLECTION = 'chaos';
/** Everything that was asked for has been done or given up by then: the longest request, and its last publish. */
const SETTLE_MS = 6_000;
const ROUNDS_MAX = 10;

type Connection = Awaited<ReturnType<typeof connectNats>>;

/** One collection of a running cluster, and what it comes to. */
export class Arena {
  readonly doors: readonly Door[];
  readonly #system: System;
  readonly #followed: FollowedLogs;
  readonly #connections: readonly Connection[];

  private constructor(
    system: System,
    parts: { readonly followed: FollowedLogs; readonly connections: readonly Connection[] },
  ) {
    this.#system = system;
    this.#followed = parts.followed;
    this.#connections = parts.connections;
    this.doors = system.urls.map((url) => ({ url, collection: COLLECTION }));
  }

  static async open(system: System, replicas: number): Promise<Arena> {
    const { uid } = await system.client.createCollection({
      name: COLLECTION,
      dimension: DIMENSION,
      metric: 'euclidean',
      shards: SHARDS,
      replication_factor: replicas,
    });
    const servers = await logServersOf(system);
    const connections = await Promise.all(
      servers.map(async (url) => connectNats({ servers: url, name: 'chaos', ...operator() })),
    );
    const logs = await Promise.all(connections.map(async (connection) => Log.open({ connection, replicas: 1 })));
    const id = CollectionUid.parse(uid);
    return new Arena(system, { connections, followed: new FollowedLogs(logs, id, SHARDS) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#followed.close();
    await Promise.all(this.#connections.map(async (connection) => connection.close()));
  }

  /** Returns when every gateway answers a strong read of every shard. */
  async healed(): Promise<void> {
    for (const { url } of this.doors) {
      await using client = new VectorizerClient({ url, ...credentialsFor(url), attempts: 1 });
      const counts = async (): Promise<boolean> =>
        client.count(COLLECTION, { consistency: 'strong' }).then(
          () => true,
          () => false,
        );
      await until(counts, { what: `a strong read through ${url}` });
    }
    await sleep(SETTLE_MS);
  }

  /** How many entries each shard's log has lost at its old end, for which there are snapshots. */
  async cut(): Promise<readonly number[]> {
    return (await this.#followed.ends()).map(({ firstSequence }) => firstSequence - 1);
  }

  /** The logs and the replicas at one moment at which nothing moves. */
  async gather(history: readonly HistoryEvent[]): Promise<Evidence> {
    for (let round = 1; ; round++) {
      const logs = await this.#followed.now();
      const replicas = await replicasAtRest(this.#system.url, COLLECTION, logs);
      const ends = await this.#followed.ends();
      const grew = ends.some(({ lastSequence }, shard) => lastSequence !== (logs[shard]?.at(-1)?.sequence ?? 0));
      if (!grew) return { history, logs, replicas };
      if (round === ROUNDS_MAX) throw new Error('the logs still grow, although nobody writes');
    }
  }
}

/** Each says on its monitoring page at which port it takes clients. */
async function logServersOf(system: System): Promise<readonly string[]> {
  const servers = (await system.status()).processes.filter(({ name }) => name.startsWith('nats'));
  const urls = servers.map(async ({ url }) => {
    const { port } = (await (await fetch(`${url}/varz`)).json()) as { readonly port: number };
    return `nats://${new URL(url).hostname}:${port}`;
  });
  return Promise.all(urls);
}
