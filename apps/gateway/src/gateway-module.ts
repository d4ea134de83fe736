import { Module, type DynamicModule } from '@nestjs/common';
import type {
  AuditLog,
  AuthCallout,
  BackupRegistry,
  Catalog,
  DeadLetters,
  EventQueue,
  NodeRegistry,
  SnapshotStore,
} from '@vectorizer/cluster';
import { newCollection, type Bus, type CollectionDefaults } from '@vectorizer/contracts';
import { Access, ServiceModule, type HealthCheck } from '@vectorizer/frame';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { Audit } from './audit/audit.ts';
import { AuditController } from './audit/audit-controller.ts';
import { AuthController } from './auth/auth-controller.ts';
import { Keys } from './auth/keys.ts';
import { KeysController } from './auth/keys-controller.ts';
import { RolesController } from './auth/roles-controller.ts';
import { ChangeFeed } from './changes/change-feed.ts';
import { ChangesController } from './changes/changes-controller.ts';
import { AliasesController } from './collections/aliases-controller.ts';
import { Collections } from './collections/collections.ts';
import { PayloadIndexes } from './collections/payload-indexes.ts';
import { PayloadIndexesController } from './collections/payload-indexes-controller.ts';
import { CollectionsController, NewCollectionBody } from './collections/collections-controller.ts';
import { LiveNodes } from './collections/live-nodes.ts';
import { DashboardController } from './dashboard/dashboard-controller.ts';
import { LiveFeed } from './dashboard/live-feed.ts';
import { Sampler } from './dashboard/sampler.ts';
import { Edge } from './edge.ts';
import { EventsController } from './events/events-controller.ts';
import { ProducerEvents } from './events/producer-events.ts';
import { Logs } from './logs/logs.ts';
import { LogsController } from './logs/logs-controller.ts';
import { LIMITS, type LimitSettings } from './limits/tiers.ts';
import { LogLevelController, LogLevels } from './logs/log-level-controller.ts';
import { Operations } from './operations/operations.ts';
import { OperationsController } from './operations/operations-controller.ts';
import { Reads } from './points/reads.ts';
import { VectorsController } from './points/vectors-controller.ts';
import { Writes } from './points/writes.ts';
import { qdrantFailureShape } from './qdrant/answers.ts';
import { ApplyUpdates } from './qdrant/apply-updates.ts';
import { qdrantControllers } from './qdrant/controllers.ts';
import { NeededChecks } from './qdrant/system-controller.ts';
import { EventFeed } from './replication/event-feed.ts';
import { NodesController } from './replication/nodes-controller.ts';
import { Nodes } from './replication/nodes.ts';
import { LegacyReplicationController } from './replication/legacy-controller.ts';
import { ReplicationController } from './replication/replication-controller.ts';
import { Replication } from './replication/replication.ts';
import { RecommendController } from './search/recommend-controller.ts';
import { SearchController } from './search/search-controller.ts';
import { SearchManyController } from './search/search-many-controller.ts';
import { RequestMetrics } from './request-metrics.ts';
import { LogReach } from './log-reach.ts';
import { Sessions } from './sessions.ts';
import { SlowQueriesController } from './slow-queries/slow-queries-controller.ts';
import { SlowQueries } from './slow-queries/slow-queries.ts';
import { Archives } from './snapshots/archives.ts';
import { Jobs } from './snapshots/jobs.ts';
import { Restores } from './snapshots/restores.ts';
import { SnapshotsController } from './snapshots/snapshots-controller.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { UploadsController } from './snapshots/uploads-controller.ts';
import { Uploads } from './snapshots/uploads.ts';

/** What the gateway stands on; whoever starts it owns these and closes them after it. */
export type GatewayParts = {
  readonly service: string;
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly backups: BackupRegistry;
  readonly eventQueue: EventQueue;
  readonly deadLetters: DeadLetters;
  readonly access: Access;
  readonly audit: AuditLog;
  readonly callout?: AuthCallout | undefined;
  readonly limits?: LimitSettings;
  readonly logger: Logger;
  readonly checks: readonly HealthCheck[];
  readonly defaults?: CollectionDefaults;
  /** How long a client that uploads may send nothing, where not as long as usual. */
  readonly uploadSilenceMsMax?: number;
};

const controllers = [
  CollectionsController,
  AliasesController,
  PayloadIndexesController,
  VectorsController,
  SearchController,
  SearchManyController,
  RecommendController,
  ChangesController,
  OperationsController,
  ReplicationController,
  NodesController,
  LegacyReplicationController,
  SnapshotsController,
  UploadsController,
  SlowQueriesController,
  DashboardController,
  LogsController,
  AuditController,
  EventsController,
  AuthController,
  KeysController,
  RolesController,
  LogLevelController,
  ...qdrantControllers,
];

const ONE_OF_EACH: CollectionDefaults = { shards: 1, replication_factor: 1 };

@Module({})
export class GatewayModule {
  static with(parts: GatewayParts, metrics: RequestMetrics): DynamicModule {
    const sessions = new Sessions();
    const nodes = new LiveNodes(parts.bus, parts.registry);
    const collections = new Collections({ ...parts, nodes });
    const jobs = new Jobs(parts);
    const sampler = new Sampler(parts);
    const logs = new LogReach(parts.log);
    const writes = new Writes({ bus: parts.bus, sessions, logs, collections });
    const reads = new Reads(parts.bus, sessions, logs);
    parts.catalog.onChange(({ kind, record: { uid } }) => {
      if (kind === 'dropped') for (const each of [sessions, logs]) each.forget(uid);
    });
    const snapshotParts = { ...parts, store: parts.snapshots, collections, jobs };
    const taken = new Snapshots(snapshotParts);
    return {
      module: GatewayModule,
      imports: [ServiceModule.with({ ...parts, failureShape: qdrantFailureShape })],
      controllers,
      providers: [
        { provide: RequestMetrics, useValue: metrics },
        { provide: Collections, useValue: collections },
        { provide: NewCollectionBody, useValue: newCollection(parts.defaults ?? ONE_OF_EACH) },
        { provide: PayloadIndexes, useValue: new PayloadIndexes(parts.catalog, collections) },
        { provide: Edge, useValue: new Edge(collections, sessions) },
        { provide: Writes, useValue: writes },
        { provide: Reads, useValue: reads },
        { provide: ApplyUpdates, useValue: new ApplyUpdates(writes, reads) },
        { provide: NeededChecks, useValue: parts.checks.filter(({ needed }) => needed) },
        { provide: Operations, useValue: new Operations(parts) },
        { provide: Jobs, useValue: jobs },
        { provide: Snapshots, useValue: taken },
        { provide: Uploads, useValue: new Uploads({ ...snapshotParts, taken }) },
        { provide: Restores, useValue: new Restores(snapshotParts) },
        { provide: Archives, useValue: new Archives(parts.snapshots, parts.logger) },
        { provide: Replication, useValue: new Replication(parts.bus, collections) },
        { provide: Nodes, useValue: new Nodes({ ...parts, nodes }) },
        { provide: SlowQueries, useValue: new SlowQueries(parts.bus) },
        { provide: Audit, useValue: new Audit(parts.audit) },
        { provide: Access, useValue: parts.access },
        { provide: Keys, useValue: new Keys(parts.access, (parts.limits ?? LIMITS).tiers) },
        { provide: LogLevels, useValue: new LogLevels(parts) },
        { provide: ChangeFeed, useValue: new ChangeFeed(parts) },
        { provide: EventFeed, useValue: new EventFeed(parts.bus) },
        { provide: ProducerEvents, useValue: new ProducerEvents(parts) },
        { provide: Logs, useValue: new Logs(parts.bus) },
        { provide: LiveFeed, useValue: new LiveFeed({ ...parts, sample: async (id) => sampler.sample(id) }) },
      ],
    };
  }
}
