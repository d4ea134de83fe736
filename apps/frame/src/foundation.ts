import { readFile } from 'node:fs/promises';
import {
  AuditLog,
  AuthCallout,
  BackupRegistry,
  Catalog,
  checkDurability,
  clusterId,
  connectNats,
  DeadLetters,
  EventJournal,
  EventQueue,
  Leases,
  LogProbe,
  NatsBus,
  NodeRegistry,
  SnapshotStore,
  trustAuthority,
  watchCluster,
} from '@vectorizer/cluster';
import type { Bus } from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
import { createLogger, RecentLines, type Logger } from '@vectorizer/telemetry';
import { Access } from './access/access.ts';
import type { HealthCheck } from './health.ts';
import { writesHealth } from './writes-health.ts';
import { memoryHealth } from './process-health.ts';
import { logMetrics } from './log-metrics.ts';
import type { ServiceConfig } from './service-config.ts';

/** What a service stands on: its connections to the log server and what is known through them. */
export type Foundation = {
  readonly service: string;
  readonly logger: Logger;
  /** What was written about requests lately. */
  readonly recentLines: RecentLines;
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly leases: Leases;
  /** What happened to the replicas. */
  readonly events: EventJournal;
  /** What producers want to be written, and what of that was refused. */
  readonly eventQueue: EventQueue;
  readonly deadLetters: DeadLetters;
  readonly backups: BackupRegistry;
  readonly snapshots: SnapshotStore;
  /** The name of the cluster that the log servers belong to. */
  readonly cluster: string;
  readonly log: Log;
  /** Who may do what, at this process's door. */
  readonly access: Access;
  /** Who did what. */
  readonly audit: AuditLog;
  /** Where log servers ask whom to let in; undefined where they ask another, or nobody. */
  readonly callout: AuthCallout | undefined;
  readonly checks: readonly HealthCheck[];
  /** Rejects when nothing can go on upon it. */
  readonly failed: Promise<never>;
  /** To be closed last, after everything that stands on it. */
  close(): Promise<void>;
};

/** Those that write logs see to it that these can be written. */
const WRITERS: readonly string[] = ['ingest', 'standalone'];

export async function openFoundation(service: string, config: ServiceConfig): Promise<Foundation> {
  const recentLines = new RecentLines();
  const logger = createLogger({ service, level: config.logLevel, recent: recentLines });
  const { url, tls, replicas, durabilityUrls, callout: files } = config.nats;
  if (tls !== undefined) trustAuthority(await readFile(tls.caFile, 'utf8'));
  if (durabilityUrls !== undefined) await checkDurability(durabilityUrls);
  const connection = await connectNats({ servers: url, name: service, ...(tls === undefined ? {} : { tls }) });
  const [catalog, registry, backups, snapshots, leases, events, eventQueue, deadLetters, cluster, log] =
    await Promise.all([
      Catalog.open({ connection, replicas, logger }),
      NodeRegistry.open({ connection, replicas, logger }),
      BackupRegistry.open({ connection, replicas, logger }),
      SnapshotStore.open({ connection, replicas, logger }),
      Leases.open({ connection, replicas, logger }),
      EventJournal.open({ connection, replicas }),
      EventQueue.open({ connection, replicas }),
      DeadLetters.open({ connection, replicas }),
      clusterId({ connection, replicas }),
      Log.open({ connection, replicas, observer: logMetrics }),
    ]);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  watchCluster({ connection, cluster }, reject);
  // It may be told before anybody listens.
  failed.catch(() => undefined);
  const access = await Access.open({ connection, replicas, logger, catalog, ...config.access, host: config.http.host });
  const bus = new NatsBus({ connection, logger });
  const callout = files && (await AuthCallout.open({ ...files, connection, servers: url, logger }));
  return {
    service,
    logger,
    recentLines,
    bus,
    catalog,
    registry,
    backups,
    snapshots,
    leases,
    events,
    eventQueue,
    deadLetters,
    cluster,
    log,
    access,
    audit: await AuditLog.open({ connection, replicas }),
    callout,
    checks: [
      { name: 'log', needed: true, check: async () => ({ rtt_ms: await connection.rtt() }) },
      ...(WRITERS.includes(service) ? [writesHealth(await LogProbe.open({ connection, replicas }))] : []),
      memoryHealth(),
    ],
    failed,
    async close() {
      await bus.close();
      await callout?.close();
      await access.close();
      catalog.close();
      registry.close();
      backups.close();
      snapshots.close();
      await connection.drain();
    },
  };
}
