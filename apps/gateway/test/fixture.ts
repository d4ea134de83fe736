import {
  AuditLog,
  BackupRegistry,
  Catalog,
  connectNats,
  DeadLetters,
  EventQueue,
  LocalBus,
  NodeRegistry,
  SnapshotStore,
} from '@vectorizer/cluster';
import {
  heartbeat,
  NodeId,
  PointId,
  search,
  shardDescribe,
  write,
  type CollectionUid,
  type Operation,
  type Outcome,
  type PayloadIndexReport,
  type ReplicaReport,
  type SearchAnswer,
  type WriteAnswer,
} from '@vectorizer/contracts';
import { Access, type AccessOptions, type ServiceApp } from '@vectorizer/frame';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, type NatsServer } from '@vectorizer/testing';
import type { z } from 'zod';
import { createGatewayApp, type GatewayAppOptions } from '../src/index.ts';

export type Written = z.output<typeof write.input>;
export type Searched = z.output<typeof search.input>;

/**
 * The real gateway on a real log server and catalog. Behind it, instead of ingest and query, stands a recorder: what
 * these tests are about is what the gateway lets through, and in which form.
 */
export type Gateway = AsyncDisposable & {
  readonly nats: NatsServer;
  readonly app: ServiceApp;
  readonly bus: LocalBus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  /** The catalog as another gateway has it. */
  readonly elsewhere: Catalog;
  readonly access: Access;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly written: Written[];
  readonly searched: Searched[];
  /** What the recorder answers; set by tests. */
  answerWrite: (input: Written) => Promise<WriteAnswer>;
  answerSearch: (input: Searched) => Promise<SearchAnswer>;
  /** What the node says of its payload indexes. */
  payloadIndexes: PayloadIndexReport[];
};

const node = NodeId.parse('node-a');

export type GatewaySettings = Pick<
  GatewayAppOptions,
  'limits' | 'trustedProxies' | 'bootstrapKeyFile' | 'corsOrigins' | 'bodiesBytesMax' | 'uploadSilenceMsMax'
> &
  Pick<AccessOptions, 'failures' | 'tokens' | 'unconfirmedMsMax' | 'openMetrics'> & { readonly beside?: NatsServer };
/** Tests fail on purpose, and often. */
const APPEND_MS_MAX = 60_000;
const FAILURES = { per_s: 1_000_000, burst: 1_000_000 };

/** On a log server of its own, or, beside another gateway, on that one's. */
export async function startGateway({ beside, ...settings }: GatewaySettings = {}): Promise<Gateway> {
  const nats = beside ?? (await startNats());
  const logger = createLogger({ service: 'gateway', level: 'silent' });
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const catalog = await Catalog.open({ connection, replicas: 1, logger });
  const elsewhere = await Catalog.open({ connection, replicas: 1, logger });
  const registry = await NodeRegistry.open({ connection, replicas: 1, logger });
  const backups = await BackupRegistry.open({ connection, replicas: 1, logger });
  await registry.register({ node, host: '127.0.0.1', port: 1 });
  const log = await Log.open({ connection, replicas: 1 });
  const audit = await AuditLog.open({ connection, replicas: 1 });
  const bus = new LocalBus();
  const whom = { host: '127.0.0.1', failures: FAILURES, ...settings };
  const access = await Access.open({ connection, replicas: 1, logger, catalog, ...whom });
  const app = await createGatewayApp({
    service: 'gateway',
    bus,
    catalog,
    registry,
    log,
    backups,
    eventQueue: await EventQueue.open({ connection, replicas: 1 }),
    deadLetters: await DeadLetters.open({ connection, replicas: 1 }),
    access,
    audit,
    ...settings,
    snapshots: await SnapshotStore.open({ connection, replicas: 1, logger }),
    logger,
    checks: [],
    host: '127.0.0.1',
    port: 0,
  });
  const beats = setInterval(() => beat(bus), 100);
  const gateway: Gateway = {
    nats,
    app,
    bus,
    catalog,
    registry,
    elsewhere,
    access,
    log,
    audit,
    written: [],
    searched: [],
    answerWrite: async (input) => Promise.resolve({ sequences: [1], outcomes: input.ops.map(() => created) }),
    payloadIndexes: [],
    answerSearch: async () =>
      Promise.resolve({ sequences: [1], results: [{ hits: [], warnings: [] }], cache: { status: 'miss' } }),
    async [Symbol.asyncDispose]() {
      clearInterval(beats);
      await app.close();
      await access.close();
      catalog.close();
      elsewhere.close();
      registry.close();
      backups.close();
      await connection.close();
      if (beside === undefined) await nats[Symbol.asyncDispose]();
    },
  };
  serve(bus, gateway);
  return gateway;
}

/** Has the logs of a collection's shards end there, so that a token may name what they hold. */
export async function fillLogs({ log }: Gateway, uid: CollectionUid, ends: readonly number[]): Promise<void> {
  for (const [shard, end] of ends.entries()) {
    const { lastSequence } = await log.state(uid, shard);
    for (let entry = lastSequence + 1; entry <= end; entry++) {
      const ops: Operation[] = [{ kind: 'delete', id: PointId.parse('nobody') }];
      await log.writer(uid, shard).append({ id: `entry-${entry}`, ops }, Date.now() + APPEND_MS_MAX);
    }
  }
}

function beat(bus: LocalBus): void {
  bus.announce(heartbeat, { node, at: new Date().toISOString(), host: '127.0.0.1', port: 1, replicas: [] });
}

const created: Outcome = { status: 'created', version: 1 };

function serve(bus: LocalBus, gateway: Gateway): void {
  bus.serve(write, async (input) => {
    gateway.written.push(input);
    return gateway.answerWrite(input);
  });
  bus.serve(search, async (input) => {
    gateway.searched.push(input);
    return gateway.answerSearch(input);
  });
  bus.serve(
    shardDescribe,
    async ({ uid, shard }) => Promise.resolve({ ...report, uid, shard, payload_indexes: gateway.payloadIndexes }),
    node,
  );
}

const report: Omit<ReplicaReport, 'uid' | 'shard'> = {
  node,
  phase: 'following',
  applied_sequence: 7,
  durable_sequence: 7,
  points: 3,
  indexed: 2,
  buffered: 1,
  dead: 0,
  state_hash: 'ab',
  chain: 'cd',
  bytes_received: 0,
  entries_applied: 0,
  operations_applied: 0,
  entries_rejected: 0,
  last_applied_at: null,
};
