import type { Catalog, NodeRegistry } from '@vectorizer/cluster';
import {
  heartbeat,
  isConnected,
  replicationStatus,
  type Bus,
  type ReplicationStatus,
  type ReplicaView,
} from '@vectorizer/contracts';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { systemClock, type Clock } from './clock.ts';
import { LogWatch } from './log-watch.ts';
import { OrphanLogs } from './orphan-logs.ts';
import { repeat } from './repeat.ts';
import { ReplicaRegistry } from './replica-registry.ts';
import { viewsOf } from './replica-views.ts';
import { ReplicationGauges } from './replication-gauges.ts';
import { statsOf } from './replication-stats.ts';

const LOOK_INTERVAL_MS = 1_000;
const SWEEP_INTERVAL_MS = 30_000;
const DISCONNECTED_AFTER_MS = 10_000;

export type MonitorOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly logger: Logger;
  /** A replica that was silent for longer is disconnected. */
  readonly disconnectedAfterMs?: number;
  readonly clock?: Clock;
  /** How often the logs are looked at, and how often those that belong to no collection are looked for. */
  readonly intervals?: { readonly lookMs: number; readonly sweepMs: number };
};

/**
 * The replication monitor. It keeps two sets: the registry of every replica that should exist, with its last state,
 * and of these the connected ones, which may be routed to.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #clock: Clock;
  readonly #replicas: ReplicaRegistry;
  readonly #watch: LogWatch;
  readonly #orphans: OrphanLogs;
  readonly #gauges = new ReplicationGauges();
  readonly #closing = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: MonitorOptions) {
    const { catalog, log, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#replicas = new ReplicaRegistry(catalog, clock.monotonicMs);
    this.#watch = new LogWatch(log);
    this.#orphans = new OrphanLogs({ ...options, monotonicMs: clock.monotonicMs });
  }

  serve(): void {
    const { bus, intervals = { lookMs: LOOK_INTERVAL_MS, sweepMs: SWEEP_INTERVAL_MS } } = this.#options;
    bus.listen(heartbeat, (beat) =>
      this.#replicas.hear(beat, { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() }),
    );
    bus.serve(replicationStatus, () => Promise.resolve(this.status()));
    this.#loops = Promise.all([
      this.#repeat('look at the logs', intervals.lookMs, () => this.#look()),
      this.#repeat('look for orphan logs', intervals.sweepMs, () => this.#orphans.sweep()),
    ]);
  }

  status(): ReplicationStatus {
    const shards = this.#replicas.shards();
    const moment = {
      monotonicMs: this.#clock.monotonicMs(),
      epochMs: this.#clock.epochMs(),
      disconnectedAfterMs: this.#options.disconnectedAfterMs ?? DISCONNECTED_AFTER_MS,
      nodes: new Map(this.#options.registry.nodes().map((record) => [record.node, record])),
    };
    const replicas = shards.flatMap((shard) => viewsOf(shard, moment));
    return { role: 'master', enabled: true, stats: statsOf(shards, replicas), replicas };
  }

  /** Every replica that should exist, with its last known state. */
  registered(): readonly ReplicaView[] {
    return this.status().replicas;
  }

  /** Those that may be routed to. */
  connected(): readonly ReplicaView[] {
    return this.registered().filter(isConnected);
  }

  /** Returns when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loops;
  }

  async #look(): Promise<void> {
    try {
      await this.#watch.look(this.#replicas.shards());
    } finally {
      // Without a log server too: what is silent shows.
      this.#gauges.show(this.status());
    }
  }

  #repeat(what: string, everyMs: number, task: () => Promise<void>): Promise<void> {
    return repeat(task, {
      everyMs,
      signal: this.#closing.signal,
      onFailure: (error) => this.#options.logger.warn({ err: error, task: what }, 'task failed; tried again later'),
    });
  }
}
