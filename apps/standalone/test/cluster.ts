import {
  AuditLog,
  BackupRegistry,
  Catalog,
  clusterId,
  connectNats,
  DeadLetters,
  EventJournal,
  EventQueue,
  Leases,
  NatsBus,
  NodeRegistry,
  SnapshotStore,
} from '@vectorizer/cluster';
import { replicationStatus, type ReplicationStatus } from '@vectorizer/contracts';
import { Access, replicationHealth, type ServiceApp } from '@vectorizer/frame';
import { createGatewayApp } from '@vectorizer/gateway';
import { IndexNode, type IndexNodeOptions } from '@vectorizer/index';
import { Ingest } from '@vectorizer/ingest';
import { Log } from '@vectorizer/log';
import { Query, type QueryOptions } from '@vectorizer/query';
import { Monitor, type MonitorOptions } from '@vectorizer/replication-monitor';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, temporaryDirectory, until, type NatsServer, type TemporaryDirectory } from '@vectorizer/testing';

const logger = createLogger({ service: 'test', level: 'silent' });
const INTERVALS = { lookMs: 50, tendMs: 50, sweepMs: 30_000 };
/** Tests fail on purpose, and often. */
const FAILURES = { per_s: 1_000_000, burst: 1_000_000 };

/** What one process knows of the others: a connection and mirrors of its own. */
export type Process = Omit<MonitorOptions, 'snapshots'> &
  Pick<IndexNodeOptions, 'snapshots' | 'cluster'> & {
    readonly backups: BackupRegistry;
    readonly eventQueue: EventQueue;
    readonly deadLetters: DeadLetters;
    readonly access: Access;
    readonly audit: AuditLog;
    close(): Promise<void>;
  };

export async function openProcess(nats: NatsServer): Promise<Process> {
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const parts = { connection, replicas: 1, logger };
  const [catalog, registry, backups, snapshots] = await Promise.all([
    Catalog.open(parts),
    NodeRegistry.open(parts),
    BackupRegistry.open(parts),
    SnapshotStore.open(parts),
  ]);
  const bus = new NatsBus({ connection, logger });
  const access = await Access.open({ ...parts, catalog, failures: FAILURES, host: '127.0.0.1' });
  return {
    access,
    audit: await AuditLog.open(parts),
    logger,
    bus,
    catalog,
    registry,
    backups,
    snapshots,
    leases: await Leases.open(parts),
    events: await EventJournal.open(parts),
    eventQueue: await EventQueue.open(parts),
    deadLetters: await DeadLetters.open(parts),
    cluster: await clusterId(parts),
    log: await Log.open(parts),
    async close() {
      await bus.close();
      await access.close();
      for (const each of [catalog, registry, backups, snapshots]) each.close();
      await connection.close();
    },
  };
}

export type Upkeep = Pick<IndexNodeOptions, 'sharing' | 'verifyIntervalMs'>;
const UPKEEP: Upkeep = { sharing: { logBytesMax: 2 ** 40, logRetentionMs: 0 }, verifyIntervalMs: 100 };
type MonitorSettings = Pick<MonitorOptions, 'disconnectedAfterMs' | 'replaceAfterMs' | 'clock'>;

/** An index node that can be stopped and started again on its directory. */
export type Node = {
  readonly id: string;
  readonly directory: string;
  readonly index: IndexNode;
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** Services as processes would be: each with its own connection to a real log server, and no other way to the others. */
export class Cluster {
  readonly nats: NatsServer;
  readonly app: ServiceApp;
  /** What a process on the side sees. */
  readonly side: Process;
  readonly #closing: (() => Promise<unknown>)[];

  private constructor(parts: Pick<Cluster, 'nats' | 'app' | 'side'> & { closing: (() => Promise<unknown>)[] }) {
    this.nats = parts.nats;
    this.app = parts.app;
    this.side = parts.side;
    this.#closing = parts.closing;
  }

  /** A log server, a gateway, ingest and query; index nodes and monitors are added by the test. */
  static async start({ slowMs }: Pick<QueryOptions, 'slowMs'> = {}): Promise<Cluster> {
    const nats = await startNats();
    const [side, gateway, query, ingest] = await Promise.all([1, 2, 3, 4].map(async () => openProcess(nats)));
    if (!side || !gateway || !query || !ingest) throw new Error('four processes are opened');
    new Query({ ...query, ...(slowMs !== undefined && { slowMs }) }).serve();
    new Ingest(ingest).serve();
    const status = async (): Promise<ReplicationStatus> =>
      gateway.bus.call(replicationStatus, {}, { context: { correlationId: 'health', deadline: Date.now() + 1_000 } });
    const app = await createGatewayApp({
      ...gateway,
      service: 'gateway',
      host: '127.0.0.1',
      port: 0,
      checks: [replicationHealth(status)],
    });
    const closing = [
      async () => nats[Symbol.asyncDispose](),
      ...[side, gateway, query, ingest].map((process) => async () => process.close()),
      async () => app.close(),
    ];
    return new Cluster({ nats, app, side, closing });
  }

  async addNode(upkeep: Upkeep = UPKEEP): Promise<Node> {
    const directory = await temporaryDirectory();
    this.#closing.push(async () => directory[Symbol.asyncDispose]());
    let running: { readonly process: Process; readonly index: IndexNode } | undefined;
    const start = async (): Promise<{ readonly process: Process; readonly index: IndexNode }> => {
      const process = await openProcess(this.nats);
      const place = { directory: directory.path, host: '127.0.0.1', port: 15_013 };
      return { process, index: await IndexNode.open({ ...process, ...place, ...upkeep }) };
    };
    const stop = async (): Promise<void> => {
      await running?.index.close();
      await running?.process.close();
      running = undefined;
    };
    running = await start();
    this.#closing.push(stop);
    const { index } = running;
    return {
      id: index.node,
      directory: directory.path,
      get index() {
        return running?.index ?? index;
      },
      stop,
      start: async () => {
        running = await start();
      },
    };
  }

  async addMonitor(settings: MonitorSettings = {}): Promise<Pick<Monitor, 'acts' | 'status' | 'close'>> {
    const process = await openProcess(this.nats);
    const monitor = new Monitor({ ...process, ...settings, intervals: INTERVALS });
    monitor.serve();
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= monitor.close().then(async () => process.close()));
    this.#closing.push(close);
    return {
      get acts() {
        return monitor.acts;
      },
      status: () => monitor.status(),
      close,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing.toReversed()) await close();
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.app.inject({ method: 'GET', url: path });
    return answer.json<T>();
  }

  async send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<{ code: number; body: unknown }> {
    const answer = await this.app.inject({ method, url: path, ...(body && { payload: body }) });
    return { code: answer.statusCode, body: answer.json<unknown>() };
  }

  async create(name: string, replicas: number, shards = 1): Promise<void> {
    const body = { name, dimension: 4, replication_factor: replicas, shards };
    const answer = await this.send('POST', '/api/v1/collections', body);
    if (answer.code !== 201) throw new Error(JSON.stringify(answer.body));
  }

  /** Upserts points p0, p1, … one entry each, so that checkpoints are passed; returns when all replicas have applied them. */
  async write(name: string, points: number, { wait = 'replicated' } = {}): Promise<void> {
    for (let i = 0; i < points; i++) {
      const body = { points: [{ id: `p${i}`, vector: [1, i, i % 7, i % 3], payload: { id: `p${i}` } }] };
      const mode = i === points - 1 ? wait : 'logged';
      const answer = await this.send('PUT', `/api/v1/collections/${name}/vectors?wait=${mode}&timeout_ms=60000`, body);
      if (answer.code >= 300) throw new Error(JSON.stringify(answer.body));
    }
  }

  async status(): Promise<ReplicationStatus> {
    return this.get('/api/v1/replication/status');
  }

  async until(what: string, condition: (status: ReplicationStatus) => boolean): Promise<ReplicationStatus> {
    let status: ReplicationStatus | undefined;
    await until(
      async () => {
        status = await this.status();
        return 'replicas' in status && condition(status);
      },
      { what },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(status, undefined, 1)}`);
    });
    return this.status();
  }
}

export type { TemporaryDirectory };
