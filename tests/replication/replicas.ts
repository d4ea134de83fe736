import type {
  Consistency,
  Point,
  Replica,
  ReplicaView,
  ReplicationStats,
  ReplicationStatus,
  VectorizerClient,
} from '@vectorizer/client';
import { pauseProcess, until } from '@vectorizer/testing';
import { INDEXES, type Cluster, type IndexName } from './cluster.ts';

/** A point's data, without the version, which is the sequence of its last change. */
export type Data = Pick<Point, 'id' | 'vector' | 'payload'>;

/** Every look asks services of the cluster, so not at every turn. */

export function dataOf(points: readonly Point[]): Data[] {
  return points.map(({ id, vector, payload }) => ({ id, vector, payload }) as Data);
}

/** Every point with its vector and payload, in the order of ids. */
export async function allPoints(
  client: VectorizerClient,
  collection: string,
  consistency: Consistency = 'strong',
): Promise<Point[]> {
  const asked = { consistency, with_vector: true, with_payload: true, limit: 500, timeout_ms: 1_000 };
  return Array.fromAsync(client.scrollAll(collection, asked));
}

/**
 * Runs `task` for each of these index nodes while it is the only one that can answer: the others are stopped. They are
 * signalled as processes, since a command for each would take longer than all that is asked.
 */
export async function alone<T>(
  cluster: Cluster,
  names: readonly IndexName[],
  task: (name: IndexName) => Promise<T>,
): Promise<T[]> {
  const { processes } = await cluster.status();
  const others = (kept: IndexName): number[] =>
    processes
      .filter(({ name }) => name !== kept && (INDEXES as readonly string[]).includes(name))
      .map(({ pid }) => pid);
  const answers: T[] = [];
  for (const name of names) {
    for (const pid of others(name)) pauseProcess(pid);
    try {
      answers.push(await task(name));
    } finally {
      for (const pid of others(name)) process.kill(pid, 'SIGCONT');
    }
  }
  return answers;
}

/** Every point, as the replica on this node alone has it. */
export async function pointsOn(cluster: Cluster, name: IndexName, collection: string): Promise<Point[]> {
  const [points = []] = await alone(cluster, [name], async () => allPoints(cluster.client, collection, 'eventual'));
  return points;
}

/** Every point as each of the three replicas has it, in the order of the nodes. */
export async function pointsOnEach(cluster: Cluster, collection: string): Promise<Point[][]> {
  return alone(cluster, INDEXES, async () => allPoints(cluster.client, collection, 'eventual'));
}

/** Waits until all replicas have applied all that is logged, and have one state by their own word; answers it, by node. */
export async function agreed(client: VectorizerClient, collection: string): Promise<Record<string, Replica>> {
  let replicas: readonly Replica[] = [];
  await until(
    async () => {
      const { shards } = await client.getCollection(collection);
      replicas = shards.flatMap((shard) => shard.replicas);
      return replicas.every(({ reachable, phase }) => reachable && phase === 'following') && shards.every(isOneState);
    },
    { what: `the replicas of ${collection} having one state` },
  );
  return Object.fromEntries(replicas.map((replica) => [replica.node, replica]));
}

/** What the replicas say once the resync that was begun is over. */
export async function resynced(cluster: Cluster, { replica, id }: Begun): Promise<Record<string, Replica>> {
  const signal = AbortSignal.timeout(120_000);
  const { resync: done, collection } = await cluster.client.replication.resynced(replica, id, { signal });
  if (done?.state !== 'complete') throw new Error(`the resync of ${replica}: ${JSON.stringify(done)}`);
  return agreed(cluster.client, collection);
}

function isOneState({ replicas }: { readonly replicas: readonly Replica[] }): boolean {
  const states = replicas.map(({ applied_sequence, state_hash, chain }) =>
    [applied_sequence, state_hash, chain].join(),
  );
  return new Set(states).size === 1;
}

export async function statusOf(client: VectorizerClient): Promise<ReplicationStatus> {
  return client.replication.status();
}

/** What the monitor knows of a collection's replicas, in the order of the nodes. */
export async function viewsOf(cluster: Cluster, collection: string): Promise<ReplicaView[]> {
  const { replicas } = await statusOf(cluster.client);
  return INDEXES.flatMap((name) =>
    replicas.filter((view) => view.collection === collection && view.node === cluster.nodes[name]),
  );
}

/** Waits until the monitor knows of this replica what the condition says; answers what it knows then. */
export async function untilView(
  cluster: Cluster,
  where: { readonly collection: string; readonly name: IndexName },
  { holds, what }: { readonly holds: (view: ReplicaView) => boolean; readonly what: string },
): Promise<ReplicaView> {
  let found: ReplicaView | undefined;
  await until(
    async () => {
      found = (await viewsOf(cluster, where.collection)).find(({ node }) => node === cluster.nodes[where.name]);
      return found !== undefined && holds(found);
    },
    { what: `${where.name}: ${what}` },
  );
  return found as ReplicaView;
}

/** Waits until the monitor has heard all three replicas say that they have applied everything. */
export async function allConnected(cluster: Cluster, collection: string): Promise<ReplicaView[]> {
  const state = Object.values(await agreed(cluster.client, collection))[0];
  let views: ReplicaView[] = [];
  await until(
    async () => {
      views = await viewsOf(cluster, collection);
      return views.every((view) => view.status === 'Connected' && view.offset === state?.applied_sequence);
    },
    { what: `the replicas of ${collection} being connected` },
  );
  return views;
}

/** The whole cluster in numbers, once they are what the index nodes themselves say, asked one by one. */
export async function exactStats({ client }: Cluster): Promise<ReplicationStats> {
  let stats: ReplicationStats | undefined;
  await until(
    async () => {
      const collections = await client.listCollections();
      const states = await Promise.all(collections.map(async ({ name }) => client.getCollection(name)));
      const shards = states.flatMap((state) => state.shards.map(({ replicas }) => replicas));
      const lasts = shards.map((replicas) => Math.max(...replicas.map((each) => each.applied_sequence ?? 0)));
      const applied = shards.flat().map((each) => each.operations_applied ?? 0);
      ({ stats } = await statusOf(client));
      return stats.master_offset === sum(lasts) && stats.total_replicated === sum(applied);
    },
    { everyMs: 200, what: 'the statistics being what the nodes say' },
  );
  return stats as ReplicationStats;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What the monitor answers under this path. */
export async function askReplication({ url }: Cluster, path: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/replication/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A resync that has begun, and the id that the replica tells of it under. */
type Begun = { readonly replica: string; readonly id: string };

/** Has the replica on this node thrown away and built anew; returns when that has begun. */
export async function resync(cluster: Cluster, name: IndexName, collection: string): Promise<Begun> {
  const replica = `${cluster.nodes[name]}/${collection}/0`;
  const id = await cluster.client.replication.resync(replica);
  if (id === undefined) throw new Error(`the resync of ${replica} has no id`);
  return { replica, id };
}
