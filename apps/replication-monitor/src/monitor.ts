import { randomUUID } from 'node:crypto';
import type {
  BackupRegistry,
  Catalog,
  EventJournal,
  Lease,
  Leases,
  NodeRegistry,
  SnapshotStore,
} from '@vectorizer/cluster';
import {
  heartbeat,
  isConnected,
  replicaResync,
  replicationAgreement,
  replicationEvents,
  replicationProof,
  replicationStatus,
  rollCall,
  type Bus,
  type CollectionUid,
  type Heartbeat,
  type NodeId,
  type ReplicationProof,
  type ReplicationStatus,
  type ShardAgreement,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { systemClock, type Clock } from './clock.ts';
import { intervalsOf, type MonitorIntervals } from './intervals.ts';
import { HeardNodes } from './heard-nodes.ts';
import { LogWatch } from './log-watch.ts';
import { MissingLogs } from './missing-logs.ts';
import { News } from './news.ts';
import { OrphanLogs } from './orphan-logs.ts';
import { OrphanSnapshots } from './orphan-snapshots.ts';
import { agreementOf, proofOf } from './proof.ts';
import { Quarantine } from './quarantine.ts';
import { Repair, type ShardState } from './repair.ts';
import { repeat } from './repeat.ts';
import { ReplicaRegistry, type KnownShard } from './replica-registry.ts';
import { viewsOf } from './replica-views.ts';
import { ReplicationGauges } from './replication-gauges.ts';
import { statsOf } from './replication-stats.ts';

const LOOK_MS = 1_000;
const DISCONNECTED_AFTER_MS = 10_000;
const REPLACE_AFTER_MS = 60_000;
/** Nodes that speak answer at once. */
const LISTEN_MS_MAX = 1_500;
/** How often what deletions left is removed. */
const PURGE_MS = 600_000;
/** Of the monitors the one that holds it acts. */
const LEASE = 'replication-monitor';

export type MonitorOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly leases: Leases;
  readonly backups: BackupRegistry;
  readonly snapshots: SnapshotStore;
  readonly events: EventJournal;
  readonly logger: Logger;
  /** A replica that was silent for longer is disconnected. */
  readonly disconnectedAfterMs?: number;
  /** One that was disconnected for longer is placed on another node. */
  readonly replaceAfterMs?: number;
  readonly clock?: Clock;
  readonly intervals?: MonitorIntervals;
};

/**
 * The replication monitor. It keeps two sets: the registry of every replica that should exist, with its last state,
 * and of these the connected ones, which may be routed to. Every monitor watches and answers; the one that holds the
 * lease acts: it stops and rebuilds replicas that differ, places lost ones elsewhere, and tells what happens.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #clock: Clock;
  readonly #owner = `monitor-${randomUUID().slice(0, 8)}`;
  readonly #replicas: ReplicaRegistry;
  readonly #nodes: HeardNodes;
  readonly #watch: LogWatch;
  readonly #news: News;
  readonly #quarantine: Quarantine;
  readonly #repair: Repair;
  readonly #missing: MissingLogs;
  readonly #orphans: OrphanLogs;
  readonly #orphanSnapshots: OrphanSnapshots;
  readonly #gauges = new ReplicationGauges();
  readonly #closing = new AbortController();
  #lease: Lease | undefined;
  #listening: NodeJS.Timeout | undefined;
  #answers = false;
  /** Shards with a replica that is silent, stopped or differs, as last compared: all that there is to act upon. */
  #inTrouble: readonly ShardState[] = [];
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: MonitorOptions) {
    const { catalog, log, clock = systemClock, events: journal, replaceAfterMs: graceMs = REPLACE_AFTER_MS } = options;
    const { monotonicMs, epochMs } = clock;
    this.#options = options;
    this.#clock = clock;
    this.#replicas = new ReplicaRegistry(catalog, monotonicMs);
    const lostAfterMs = (options.disconnectedAfterMs ?? DISCONNECTED_AFTER_MS) + graceMs;
    this.#nodes = new HeardNodes({ ...options, monotonicMs, lostAfterMs });
    this.#watch = new LogWatch({ log, monotonicMs });
    this.#news = new News({ ...options, journal, epochMs });
    this.#quarantine = new Quarantine({ ...options, news: this.#news, monotonicMs });
    this.#repair = new Repair({ ...options, monotonicMs, graceMs });
    this.#missing = new MissingLogs({ ...options, monotonicMs });
    this.#orphans = new OrphanLogs({ ...options, monotonicMs });
    this.#orphanSnapshots = new OrphanSnapshots({ ...options, monotonicMs });
  }

  serve(): void {
    const { bus, leases, intervals = intervalsOf(LOOK_MS) } = this.#options;
    bus.listen(heartbeat, (beat) => this.#hear(beat));
    this.#listening = setTimeout(() => this.#answer(), LISTEN_MS_MAX);
    if (this.#nodes.allHeard) this.#answer();
    else bus.announce(rollCall, {});
    this.#lease = leases.hold(LEASE, this.#owner, (held) => {
      if (held) this.#news.tell({ kind: 'monitor', to: this.#owner, reason: 'it acts from now on' });
    });
    this.#loops = Promise.all([
      this.#repeat('look at the logs', intervals.lookMs, () => this.#look()),
      this.#repeat('compare the statuses', intervals.tendMs, () => this.#compare()),
      this.#repeat('stop and rebuild replicas', intervals.tendMs, async () => {
        const troubled = this.#inTrouble.map(({ shard }) => shard);
        if (this.acts) await this.#quarantine.tend(troubled, this.#replicas.shards());
      }),
      this.#repeat('place lost replicas', intervals.tendMs, async () => {
        if (this.acts && this.#inTrouble.length > 0) await this.#repair.act(this.#states(), this.#nodes.now());
      }),
      this.#repeat('look for missing logs', intervals.lookMs, async () => {
        if (this.acts) await this.#missing.make(this.#replicas.shards());
      }),
      this.#repeat('look for orphan logs', intervals.sweepMs, async () => {
        if (this.acts) await this.#orphans.sweep();
      }),
      this.#repeat('look for orphan snapshots', intervals.sweepMs, async () => {
        if (this.acts) await this.#orphanSnapshots.sweep();
      }),
      this.#repeat('remove what deletions left', PURGE_MS, async () => {
        if (this.acts) await this.#purgeDeleted();
      }),
    ]);
  }

  /** Whether it is the one monitor that acts. */
  get acts(): boolean {
    return this.#lease?.held === true;
  }

  status(states = this.#states()): ReplicationStatus {
    const replicas = states.flatMap(({ views }) => views);
    const stats = statsOf(
      states.map(({ shard }) => shard),
      replicas,
    );
    return { role: 'master', enabled: true, stats, replicas };
  }

  /** Throws `collection_not_found`. */
  async proof(uid: CollectionUid): Promise<ReplicationProof> {
    const states = this.#statesOf(await this.#shardsOf(uid));
    const [first] = states;
    if (first === undefined) throw new Failure('collection_not_found', 'this collection does not exist');
    return proofOf(first.shard.record, states);
  }

  /** Of every shard that there is. */
  agreement(): readonly ShardAgreement[] {
    const collections = Map.groupBy(this.#states(), ({ shard }) => shard.record);
    return [...collections].flatMap(([record, states]) => agreementOf(proofOf(record, states)));
  }

  /** Returns when nothing of it runs any more. */
  async close(): Promise<void> {
    clearTimeout(this.#listening);
    this.#closing.abort();
    await this.#loops;
    await this.#lease?.close();
    await this.#news.flush();
  }

  #states(): readonly ShardState[] {
    return this.#statesOf(this.#replicas.shards());
  }

  /** Of a collection that it has not heard of, the news are waited for. None when it does not exist. */
  async #shardsOf(uid: CollectionUid): Promise<readonly KnownShard[]> {
    await this.#options.catalog.hear(uid);
    return this.#replicas.shardsOf(uid);
  }

  #statesOf(shards: readonly KnownShard[]): readonly ShardState[] {
    const moment = {
      monotonicMs: this.#clock.monotonicMs(),
      epochMs: this.#clock.epochMs(),
      disconnectedAfterMs: this.#options.disconnectedAfterMs ?? DISCONNECTED_AFTER_MS,
      nodes: new Map(this.#options.registry.nodes().map((record) => [record.node, record])),
    };
    return shards.map((shard) => ({ shard, views: viewsOf(shard, moment) }));
  }

  /** Once it has heard of all: to those that ask, another monitor may be answering meanwhile, and knows more. */
  #answer(): void {
    const { bus, events } = this.#options;
    clearTimeout(this.#listening);
    if (this.#answers) return;
    this.#answers = true;
    bus.serve(replicationStatus, async ({ uid }) =>
      this.status(uid === undefined ? undefined : this.#statesOf(await this.#shardsOf(uid))),
    );
    bus.serve(replicationProof, async ({ uid }) => this.proof(uid));
    bus.serve(replicationAgreement, () => Promise.resolve({ shards: this.agreement() }));
    bus.serve(replicationEvents, async ({ after }) => events.after(after));
    bus.serve(replicaResync, async (input) => this.#resync(input));
  }

  #hear(beat: Heartbeat): void {
    this.#replicas.hear(beat, { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() });
    const isNew = this.#nodes.hear(beat);
    if (!this.#answers && this.#nodes.allHeard) this.#answer();
    if (isNew && this.acts) this.#news.tell({ kind: 'node', node: beat.node, to: 'joined' });
  }

  async #look(): Promise<void> {
    try {
      await this.#watch.look(this.#replicas.shards());
    } finally {
      // Without a log server too: what is silent shows.
      this.#showGauges();
    }
  }

  #showGauges(): void {
    const { lost, speaking } = this.#nodes.states();
    this.#gauges.show({
      ...this.status(),
      shards: this.#replicas.shards(),
      acts: this.acts,
      silentLogs: this.#watch.silent,
      nodes: { lost: lost.length, speaking: speaking.length },
    });
  }

  async #compare(): Promise<void> {
    const states = this.#states();
    this.#inTrouble = states.filter(({ views }) => !views.every(isConnected));
    this.#repair.observe(this.#inTrouble);
    const replicas = states.flatMap(({ views }) => views);
    this.#news.compare(replicas, { acts: this.acts });
    await this.#news.flush();
    if (this.acts) await this.#news.compareNodes(this.#nodes.states());
  }

  async #purgeDeleted(): Promise<void> {
    const { backups, catalog, logger, registry, snapshots } = this.#options;
    let records = 0;
    for (const store of [catalog, registry, backups, snapshots]) records += await store.purgeDeleted();
    if (records > 0) logger.info({ records }, 'removed what deletions had left');
  }

  async #resync(input: ResyncInput): ReturnType<Quarantine['rebuild']> {
    const shard = (await this.#shardsOf(input.uid))[input.shard];
    const replica = shard?.replicas.find(({ node }) => node === input.node);
    if (shard === undefined || replica === undefined) throw new Failure('not_found', 'there is no such replica');
    return this.#quarantine.rebuild(shard, replica, input.reason);
  }

  #repeat(what: string, everyMs: number, task: () => Promise<void>): Promise<void> {
    return repeat(task, {
      everyMs,
      signal: this.#closing.signal,
      onFailure: (error) => this.#options.logger.warn({ err: error, task: what }, 'task failed; tried again later'),
    });
  }
}

type ResyncInput = {
  readonly uid: CollectionUid;
  readonly shard: number;
  readonly node: NodeId;
  readonly reason: string;
};
