import type { z } from 'zod';
import { Catalog, clusterId, connectNats, Leases, LocalBus, NodeRegistry, SnapshotStore } from '@vectorizer/cluster';
import {
  NewCollection,
  shardDescribe,
  shardRead,
  shardSearch,
  type CollectionRecord,
  type NodeId,
  type Operation,
  type Procedure,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { HANG_MS, startNats, temporaryDirectory, until, type NatsOptions, type NatsServer } from '@vectorizer/testing';
import { IndexNode, type IndexNodeOptions } from '../src/index-node.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** What index nodes stand on: a real log server and one process's view of it. */
export type System = AsyncDisposable & {
  readonly nats: NatsServer;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly leases: Leases;
  readonly snapshots: SnapshotStore;
  readonly cluster: string;
  readonly log: Log;
};

export async function startSystem(options: NatsOptions = {}): Promise<System> {
  const nats = await startNats(options);
  const view = await viewOf(nats);
  return {
    nats,
    ...view,
    async [Symbol.asyncDispose]() {
      await view[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
}

/** What another process sees of the same server. */
export async function viewOf(nats: NatsServer): Promise<Omit<System, 'nats'>> {
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const catalog = await Catalog.open({ connection, replicas: 1, logger });
  const registry = await NodeRegistry.open({ connection, replicas: 1, logger });
  const log = await Log.open({ connection, replicas: 1 });
  const snapshots = await SnapshotStore.open({ connection, replicas: 1, logger });
  return {
    catalog,
    registry,
    leases: await Leases.open({ connection, replicas: 1, logger }),
    snapshots,
    cluster: await clusterId({ connection, replicas: 1 }),
    log,
    async [Symbol.asyncDispose]() {
      catalog.close();
      registry.close();
      snapshots.close();
      await connection.close();
    },
  };
}

/** A node with a bus of its own, as if it were a process of its own. */
export type Node = AsyncDisposable & {
  readonly index: IndexNode;
  readonly id: NodeId;
  readonly bus: LocalBus;
  call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, ms?: number): Promise<O>;
};

/** Nothing that happens by itself happens within a test. */
export const QUIET = { sharing: { logBytesMax: 2 ** 40, logRetentionMs: 0 }, verifyIntervalMs: 3_600_000 };
type Upkeep = Pick<IndexNodeOptions, 'sharing' | 'verifyIntervalMs' | 'heartbeatMs' | 'onTakenOver'>;

export async function openNode(system: System, directory: string, upkeep: Upkeep = QUIET): Promise<Node> {
  const bus = new LocalBus();
  const place = { bus, logger, directory, host: '127.0.0.1', port: 15_013 };
  const index = await IndexNode.open({ ...system, ...place, ...upkeep });
  return {
    index,
    id: index.node,
    bus,
    async call(procedure, input, ms = HANG_MS) {
      const context = { correlationId: 'test', deadline: Date.now() + ms };
      return bus.call(procedure, input, { context, instance: index.node });
    },
    [Symbol.asyncDispose]: () => index.close(),
  };
}

export async function create(
  system: Pick<System, 'catalog' | 'log'>,
  nodes: readonly Pick<Node, 'id'>[],
  { name = 'books', dimension = 4 }: { readonly name?: string; readonly dimension?: number } = {},
): Promise<CollectionRecord> {
  const collection = NewCollection.parse({ name, dimension, replication_factor: nodes.length });
  const record = await system.catalog.create(collection, () => [nodes.map(({ id }) => id)]);
  await system.log.ensureStreams(record.uid, 1);
  return record;
}

/** One node with one collection, on a system of its own. */
export type Setting = AsyncDisposable & {
  readonly system: System;
  readonly directory: { readonly path: string };
  readonly node: Node;
  readonly books: CollectionRecord;
};

export async function startNode(): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await startSystem());
  const directory = stack.use(await temporaryDirectory());
  const node = stack.use(await openNode(system, directory.path));
  const books = await create(system, [node]);
  const held = stack.move();
  return { system, directory, node, books, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

let requests = 0;

/** One entry; answers its sequence. */
export async function write(system: System, { uid }: CollectionRecord, ops: readonly Operation[]): Promise<number> {
  requests += 1;
  const request = { id: `request-${requests}`, ops: [...ops] };
  const { sequence } = await system.log.writer(uid, 0).append(request, Date.now() + HANG_MS);
  return sequence;
}

export function upsert(id: string, ...vector: number[]): Operation {
  return { kind: 'upsert', id, vector: Float32Array.from(vector), payload: JSON.stringify({ id }) };
}

export async function writeMany(system: System, record: CollectionRecord, count: number): Promise<number> {
  let last = 0;
  for (let i = 0; i < count; i++) last = await write(system, record, [upsert(`p${i}`, 1, i, i % 7, i % 3)]);
  return last;
}

export async function report(node: Node, { uid }: CollectionRecord): Promise<ReplicaReport> {
  return node.call(shardDescribe, { uid, shard: 0 });
}

/** Returns when the node has applied the sequence. Until it lets reads in, it would refuse one after a second. */
export async function applied(node: Node, record: CollectionRecord, sequence: number): Promise<void> {
  await until(async () => (await report(node, record)).shown === true, { what: 'the replica letting reads in' });
  const { uid } = record;
  const input = { uid, shard: 0, min_sequence: sequence, ids: ['any'], with_payload: false, with_vector: false };
  await node.call(shardRead, input);
}

export async function inPhase(node: Node, record: CollectionRecord, phase: ReplicaReport['phase']): Promise<void> {
  await until(async () => (await report(node, record)).phase === phase, {
    what: `the replica being ${phase}`,
  });
}

export async function idsNear(
  node: Node,
  { uid }: CollectionRecord,
  query: { readonly vector: number[]; readonly k?: number; readonly sequence?: number },
): Promise<string[]> {
  const spec = { vector: Float32Array.from(query.vector), k: query.k ?? 3, with_payload: false, with_vector: false };
  const input = { uid, shard: 0, min_sequence: query.sequence ?? 0, searches: [spec] };
  const { results } = await node.call(shardSearch, input);
  return results.flatMap(({ hits }) => hits.map(({ id }) => id));
}
