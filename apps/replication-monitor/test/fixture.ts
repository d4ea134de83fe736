import {
  BackupRegistry,
  Catalog,
  connectNats,
  EventJournal,
  Leases,
  LocalBus,
  NodeRegistry,
  SnapshotStore,
} from '@vectorizer/cluster';
import {
  heartbeat,
  NewCollection,
  NodeId,
  type CollectionRecord,
  type CollectionUid,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import type { Clock } from '../src/clock.ts';
import { Monitor } from '../src/index.ts';

/** The real monitor on a real log server and catalog; the tests speak for the index nodes. */
export type Setting = AsyncDisposable & {
  readonly nats: NatsServer;
  readonly bus: LocalBus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly backups: BackupRegistry;
  readonly snapshots: SnapshotStore;
  readonly monitor: Monitor;
  readonly events: EventJournal;
  /** Another monitor, with a bus of its own. */
  another(): { readonly monitor: Monitor; readonly bus: LocalBus };
  /** Stops the monitor's clocks, the time of day at this moment; from then on only `passed` moves them. */
  stopClock(epochMs: number): void;
  /** Sets the monitor's clocks forward. */
  passed(ms: number): void;
  /** Another process's catalog; a deaf one hears of nothing after it was opened. */
  openCatalog(hearing: 'hearing' | 'deaf'): Promise<Catalog>;
  collection(placement: string[][], name?: string): Promise<CollectionRecord>;
};

export const logger = createLogger({ service: 'replication-monitor', level: 'silent' });
export const node = (name: string): NodeId => NodeId.parse(name);

/** `misset`: by how many milliseconds this process's time of day is ahead of the log server's. */
export async function startMonitor({ misset = 0 } = {}): Promise<Setting> {
  const nats = await startNats();
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const opened: Catalog[] = [];
  const openCatalog = async (hearing: 'hearing' | 'deaf'): Promise<Catalog> => {
    const catalog = await Catalog.open({ connection, replicas: 1, logger });
    if (hearing === 'deaf') catalog.close();
    opened.push(catalog);
    return catalog;
  };
  const catalog = await openCatalog('hearing');
  const registry = await NodeRegistry.open({ connection, replicas: 1, logger });
  const log = await Log.open({ connection, replicas: 1, epochMs: () => Date.now() + misset });
  const leases = await Leases.open({ connection, replicas: 1, logger });
  const snapshots = await SnapshotStore.open({ connection, replicas: 1, logger });
  const backups = await BackupRegistry.open({ connection, replicas: 1, logger });
  const events = await EventJournal.open({ connection, replicas: 1 });
  const { clock, stopClock, passed } = clockOf(misset);
  const intervals = { lookMs: 10, tendMs: 10, sweepMs: 10 };
  const parts = { catalog, registry, log, leases, backups, snapshots, events, logger, clock, intervals };
  const monitors: Monitor[] = [];
  const another = (): { monitor: Monitor; bus: LocalBus } => {
    const bus = new LocalBus();
    const monitor = new Monitor({ ...parts, bus });
    monitor.serve();
    monitors.push(monitor);
    return { monitor, bus };
  };
  const { monitor, bus } = another();
  await until(() => monitor.acts, { what: 'the monitor acting' });
  return {
    nats,
    bus,
    catalog,
    registry,
    log,
    backups,
    snapshots,
    monitor,
    events,
    another,
    stopClock,
    passed,
    openCatalog,
    async collection(placement, name = 'books') {
      const nodes = placement.map((names) => names.map(node));
      const record = await catalog.create(
        NewCollection.parse({ name, dimension: 2, shards: nodes.length }),
        () => nodes,
      );
      await log.ensureStreams(record.uid, nodes.length);
      return record;
    },
    async [Symbol.asyncDispose]() {
      for (const each of monitors) await each.close();
      snapshots.close();
      backups.close();
      for (const each of opened) each.close();
      registry.close();
      await connection.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

function clockOf(misset: number): Pick<Setting, 'stopClock' | 'passed'> & { readonly clock: Clock } {
  let aheadMs = 0;
  let stopped: { readonly monotonicMs: number; readonly epochMs: number } | undefined;
  return {
    clock: {
      monotonicMs: () => (stopped?.monotonicMs ?? performance.now()) + aheadMs,
      epochMs: () => (stopped?.epochMs ?? Date.now() + misset) + aheadMs,
    },
    stopClock(epochMs) {
      // Whole, so that what is added to it is what is found later.
      stopped = { monotonicMs: Math.round(performance.now()), epochMs: epochMs - aheadMs };
    },
    passed(ms) {
      aheadMs += ms;
    },
  };
}

/** Logs so many entries of one operation. */
export async function write(log: Log, uid: CollectionUid, entries = 1): Promise<void> {
  for (let i = 0; i < entries; i++) {
    const id = crypto.randomUUID();
    await log.writer(uid, 0).append({ id, ops: [{ kind: 'delete', id }] }, Date.now() + 5_000);
  }
}

export function report(
  { uid }: Pick<CollectionRecord, 'uid'>,
  said: { readonly node: string } & Omit<Partial<ReplicaReport>, 'node'>,
): ReplicaReport {
  return {
    uid,
    shard: 0,
    phase: 'following',
    applied_sequence: 0,
    durable_sequence: 0,
    points: 0,
    indexed: 0,
    buffered: 0,
    dead: 0,
    state_hash: 'ab',
    chain: 'cd',
    bytes_received: 0,
    entries_applied: 0,
    operations_applied: 0,
    entries_rejected: 0,
    last_applied_at: null,
    ...said,
    node: node(said.node),
  };
}

/** Heard when it returns: the bus hands announcements over in a microtask. */
export async function beat(bus: LocalBus, ...replicas: readonly ReplicaReport[]): Promise<void> {
  for (const replica of replicas) {
    const at = new Date().toISOString();
    bus.announce(heartbeat, { node: replica.node, at, host: '10.0.0.1', port: 15_013, replicas: [replica] });
  }
  await Promise.resolve();
  await Promise.resolve();
}
