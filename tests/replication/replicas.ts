import type { Point, Replica, VectorizerClient } from '@vectorizer/client';
import type { Consistency, ReplicaView, ReplicationStatus } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { INDEXES, type Cluster, type IndexName } from './cluster.ts';

/** A point's data, without the version, which is the sequence of its last change. */
export type Data = Pick<Point, 'id' | 'vector' | 'payload'>;

export function dataOf(points: readonly Point[]): Data[] {
  return points.map(({ id, vector, payload }) => ({ id, vector, payload }) as Data);
}

/** Every point with its vector and payload, in the order of ids. */
export async function allPoints(
  client: VectorizerClient,
  collection: string,
  consistency: Consistency = 'strong',
): Promise<Point[]> {
  const asked = { consistency, with_vector: true, with_payload: true, limit: 1_000, timeout_ms: 2_000 };
  return Array.fromAsync(client.scrollAll(collection, asked));
}

/** Runs `task` while this index node is the only one that can answer. */
export async function alone<T>(cluster: Cluster, name: IndexName, task: () => Promise<T>): Promise<T> {
  const others = INDEXES.filter((each) => each !== name);
  await Promise.all(others.map(async (other) => cluster.pause(other)));
  try {
    return await task();
  } finally {
    await Promise.all(others.map(async (other) => cluster.resume(other)));
  }
}

/** Every point, as the replica on this node alone has it. */
export async function pointsOn(cluster: Cluster, name: IndexName, collection: string): Promise<Point[]> {
  return alone(cluster, name, async () => allPoints(cluster.client, collection, 'eventual'));
}

/** Every point as each of the three replicas has it, in the order of the nodes. */
export async function pointsOnEach(cluster: Cluster, collection: string): Promise<Point[][]> {
  const each: Point[][] = [];
  for (const name of INDEXES) each.push(await pointsOn(cluster, name, collection));
  return each;
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
    { timeoutMs: 60_000, what: `the replicas of ${collection} having one state` },
  );
  return Object.fromEntries(replicas.map((replica) => [replica.node, replica]));
}

function isOneState({ replicas }: { readonly replicas: readonly Replica[] }): boolean {
  const states = replicas.map(({ applied_sequence, state_hash, chain }) =>
    [applied_sequence, state_hash, chain].join(),
  );
  return new Set(states).size === 1;
}

export async function statusOf(client: VectorizerClient): Promise<ReplicationStatus> {
  return (await client.replicationStatus()) as ReplicationStatus;
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
    { timeoutMs: 30_000, what: `${where.name}: ${what}` },
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
    { timeoutMs: 30_000, what: `the replicas of ${collection} being connected` },
  );
  return views;
}
