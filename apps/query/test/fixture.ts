import { Catalog, connectNats, LocalBus } from '@vectorizer/cluster';
import {
  heartbeat,
  NewCollection,
  NodeId,
  shardCount,
  shardRead,
  shardScroll,
  shardSearch,
  type CallContext,
  type CollectionRecord,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats } from '@vectorizer/testing';
import type { z } from 'zod';
import { Query, type CacheOptions, type QueryOptions } from '../src/index.ts';

/** The real query service on a real log server and catalog, with index nodes that do as a test tells them. */
export type Setting = AsyncDisposable & {
  readonly bus: LocalBus;
  readonly catalog: Catalog;
  /** The catalog as another process sees it, which makes and drops collections. */
  readonly elsewhere: Catalog;
  readonly log: Log;
  readonly query: Query;
  /** What the service takes the time to be; tests turn it. */
  readonly clock: { nowMs: number };
  collection(placement: string[][], name?: string): Promise<CollectionRecord>;
  /** Another query service of the same cluster, with a bus and index nodes of its own. */
  another(options: CacheOptions): { readonly bus: LocalBus; readonly query: Query };
};

export const node = (name: string): NodeId => NodeId.parse(name);
export const context = (ms = 5_000): CallContext => ({ correlationId: 'c-1', deadline: Date.now() + ms });

/** Enough for whatever a test keeps. */
export const caching = (other: Partial<CacheOptions> = {}): CacheOptions => ({
  bytesMax: 2 ** 20,
  entryBytesMax: 2 ** 16,
  ttlMs: 60_000,
  redis: undefined,
  redisMsMax: 5,
  ...other,
});

export async function startQuery(options: Pick<QueryOptions, 'slowMs' | 'port' | 'cache'> = {}): Promise<Setting> {
  const nats = await startNats();
  const logger = createLogger({ service: 'query', level: 'silent' });
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const open = (): Promise<Catalog> => Catalog.open({ connection, replicas: 1, logger });
  const [catalog, elsewhere] = [await open(), await open()];
  const log = await Log.open({ connection, replicas: 1 });
  const bus = new LocalBus();
  const clock = { nowMs: 0 };
  const parts = { catalog, log, logger, now: (): number => clock.nowMs };
  const query = new Query({ ...options, ...parts, bus });
  query.serve();
  const others: Query[] = [];
  return {
    bus,
    catalog,
    elsewhere,
    log,
    query,
    clock,
    async collection(placement, name = 'books') {
      const nodes = placement.map((names) => names.map(node));
      return catalog.create(
        NewCollection.parse({
          name,
          dimension: 2,
          shards: placement.length,
          replication_factor: nodes[0]?.length ?? 1,
        }),
        () => nodes,
      );
    },
    another(cache) {
      const other = new LocalBus();
      const service = new Query({ ...parts, bus: other, cache });
      service.serve();
      others.push(service);
      return { bus: other, query: service };
    },
    async [Symbol.asyncDispose]() {
      for (const each of [query, ...others]) each.close();
      await bus.close();
      catalog.close();
      elsewhere.close();
      await connection.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

type Asked = { readonly shard: number; readonly min_sequence: number };
type Served<P extends { readonly input: z.ZodType; readonly output?: unknown }> = (
  input: z.output<P['input']>,
  context: CallContext,
) => Promise<NonNullable<P['output']>>;

/** An index node on the bus; what it was asked is kept. */
export function serveNode(bus: LocalBus, name: string): FakeNode {
  return new FakeNode(bus, name);
}

class FakeNode {
  readonly asked: Asked[] = [];
  search: Served<typeof shardSearch> = async ({ searches }) =>
    Promise.resolve({ sequence: 1, results: searches.map(() => ({ hits: [], warnings: [] })) });
  read: Served<typeof shardRead> = async ({ ids }) =>
    Promise.resolve({ sequence: 1, points: ids.map((id) => ({ id, version: 1 })) });
  scroll: Served<typeof shardScroll> = async () =>
    Promise.resolve({ sequence: 1, points: [], more: false, warnings: [] });
  count: Served<typeof shardCount> = async () => Promise.resolve({ sequence: 1, count: 1, warnings: [] });

  constructor(bus: LocalBus, name: string) {
    const ask = <T extends Asked>(input: T): T => {
      this.asked.push(input);
      return input;
    };
    bus.serve(shardSearch, (input, call) => this.search(ask(input), call), name);
    bus.serve(shardRead, (input, call) => this.read(ask(input), call), name);
    bus.serve(shardScroll, (input, call) => this.scroll(ask(input), call), name);
    bus.serve(shardCount, (input, call) => this.count(ask(input), call), name);
  }
}

export function report(record: CollectionRecord, where: { node: string; shard?: number }): ReplicaReport {
  return {
    node: node(where.node),
    uid: record.uid,
    shard: where.shard ?? 0,
    phase: 'following',
    applied_sequence: 1,
    durable_sequence: 1,
    points: 0,
    indexed: 0,
    buffered: 0,
    dead: 0,
    state_hash: 'ab',
    chain: 'cd',
    bytes_received: 0,
    entries_applied: 1,
    operations_applied: 1,
    entries_rejected: 0,
    last_applied_at: null,
  };
}

/** Heard when it returns: the bus hands announcements over in a microtask. */
export async function beat(bus: LocalBus, replica: ReplicaReport): Promise<void> {
  const at = new Date().toISOString();
  bus.announce(heartbeat, { node: replica.node, at, host: '127.0.0.1', port: 1, replicas: [replica] });
  await Promise.resolve();
  await Promise.resolve();
}
