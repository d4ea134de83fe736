import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, Claims, Lease, Leases, NodeRegistry, SnapshotStore } from '@vectorizer/cluster';
import {
  heartbeat,
  HEARTBEAT_MS,
  rollCall,
  type Bus,
  type GpuMode,
  type NodeId,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { Gpu, Turns } from '@vectorizer/engine';
import type { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { DataDirectory } from './data-directory.ts';
import { Heartbeats, heartbeatsOf } from './heartbeats.ts';
import { NodeGauges } from './index-metrics.ts';
import { LongJobs } from './long-jobs.ts';
import { holdIdentity } from './node-identity.ts';
import { Progress } from './progress.ts';
import { Replicas } from './replicas.ts';
import { Restorer } from './restorer.ts';
import { serveReplicas } from './serve-replicas.ts';
import type { SharingSettings } from './shared-snapshots.ts';
import { Upkeep } from './upkeep.ts';

/** While the log server, which keeps the registry, is away. */
const REGISTER_PAUSE_MS = 1_000;

export type IndexNodeOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly leases: Leases;
  readonly snapshots: SnapshotStore;
  /** The name of the cluster; a directory that belongs to another is refused. */
  readonly cluster: string;
  readonly logger: Logger;
  readonly sharing: SharingSettings;
  /** Between two readings of all that a replica has stored. */
  readonly verifyIntervalMs: number;
  /** How often the node says how its replicas are; every second if it does not say. */
  readonly heartbeatMs?: number;
  /** Made if it is absent; one process at a time. */
  readonly directory: string;
  /** Which devices gpu collections may use; a real one, if there is one, unless it says otherwise. */
  readonly gpu?: GpuMode;
  /**
   * Told when another process serves this node since this one was cut off. It has stopped serving then, so that nobody is
   * answered by two, and is of no more use.
   */
  readonly onTakenOver?: (failure: Failure) => void;
  /** Where this node's own HTTP endpoint is. */
  readonly host: string;
  readonly port: number;
};

/** One index node: every replica that the catalog places on it, served on the bus under the node's id. */
export class IndexNode {
  readonly node: NodeId;
  readonly #options: IndexNodeOptions;
  readonly #directory: DataDirectory;
  readonly #replicas: Replicas;
  readonly #heartbeats: Heartbeats;
  readonly #progress: Progress;
  readonly #upkeep: Upkeep;
  readonly #jobs = new LongJobs();
  readonly #restorer: Restorer;
  readonly #turns = new Turns();
  readonly #gauges = new NodeGauges();
  readonly #closing = new AbortController();
  readonly #claims: Claims;
  #identity: Lease | undefined;
  #joined = false;
  #registering = false;

  private constructor(options: IndexNodeOptions, directory: DataDirectory) {
    const logger = options.logger.child({ node: directory.node });
    this.node = directory.node;
    this.#options = { ...options, logger };
    this.#directory = directory;
    this.#heartbeats = new Heartbeats({ everyMs: this.#everyMs, beat: () => this.#beat() });
    const gpu = new Gpu({ mode: options.gpu ?? 'auto', logger });
    const onChange = (): void => this.#heartbeats.soon();
    this.#progress = new Progress(options.bus, directory.node);
    const onApplied = this.#progress.applied;
    const turns = this.#turns;
    this.#claims = options.leases.claims();
    const replicas = new Replicas({
      ...options,
      directory,
      logger,
      claims: this.#claims,
      gpu,
      turns,
      onChange,
      onApplied,
    });
    this.#replicas = replicas;
    this.#restorer = new Restorer({ ...options, directory, logger, turns });
    const { verifyIntervalMs } = options;
    this.#upkeep = new Upkeep({ replicas: () => replicas.all(), verifyIntervalMs, logger });
  }

  /**
   * Returns when the replicas are open and answer; they follow their logs from then on. A replica that is damaged, or a
   * log that cannot be reached, keeps the node from nothing. Throws `storage_error` when the directory is not ours to use, or its
   * node is served by another process.
   */
  static async open(options: IndexNodeOptions): Promise<IndexNode> {
    const directory = await DataDirectory.open(options.directory, options.cluster);
    const node = new IndexNode(options, directory);
    try {
      await node.#start();
    } catch (cause) {
      await node.close();
      throw cause;
    }
    return node;
  }

  replicas(): ReplicaReport[] {
    return this.#replicas.reports();
  }

  /** Finishes and flushes what is in hand, then lets go of the directory. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#heartbeats.stop();
    this.#progress.stop();
    await Promise.all([this.#replicas.close(), this.#jobs.close()]);
    await this.#upkeep.close();
    await this.#claims.close();
    this.#gauges.show([]);
    await this.#identity?.close();
    await this.#directory.close();
  }

  async #start(): Promise<void> {
    const onTaken = (failure: Failure): void => this.#takenOver(failure);
    this.#identity = await holdIdentity({ ...this.#options, node: this.node, onTaken });
    this.#claims.standOn(this.#identity);
    await this.#replicas.start();
    const { bus, snapshots } = this.#options;
    const [replicas, restorer, jobs, turns] = [this.#replicas, this.#restorer, this.#jobs, this.#turns];
    serveReplicas(bus, this.node, { replicas, restorer, jobs, snapshots, turns });
    bus.listen(rollCall, () => this.#heartbeats.soon());
    this.#heartbeats.start();
    this.#upkeep.start();
    // Last: from here on collections are placed on this node.
    if (!(await this.#register())) this.#registerLater();
  }

  async #register(): Promise<boolean> {
    const { registry, host, port, logger } = this.#options;
    try {
      await registry.register({ node: this.node, host, port });
      this.#joined = true;
      return true;
    } catch (cause) {
      logger.warn({ err: cause }, 'the node cannot be registered yet');
      return false;
    }
  }

  #registerLater(): void {
    if (this.#registering) return;
    this.#registering = true;
    void this.#insist().finally(() => (this.#registering = false));
  }

  async #insist(): Promise<void> {
    const { signal } = this.#closing;
    do await sleep(REGISTER_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    while (!signal.aborted && !(await this.#register()));
  }

  #takenOver(failure: Failure): void {
    const { logger, onTakenOver } = this.#options;
    if (this.#closing.signal.aborted) return;
    logger.error({ reason: failure.message }, 'another process serves this node: this one stops');
    const closed = this.close().catch((cause: unknown) =>
      logger.error({ err: cause }, 'the node did not close cleanly'),
    );
    void closed.then(() => onTakenOver?.(failure));
  }

  get #everyMs(): number {
    return this.#options.heartbeatMs ?? HEARTBEAT_MS;
  }

  /** Answers how many messages it took. */
  #beat(): number {
    const { bus, registry, host, port, logger } = this.#options;
    const replicas = this.replicas();
    // It was taken for gone, and removed.
    if (this.#joined && !registry.nodes().some(({ node }) => node === this.node)) this.#registerLater();
    this.#gauges.show(replicas);
    const about = { node: this.node, at: new Date().toISOString(), host, port, every_ms: this.#everyMs };
    const beats = heartbeatsOf(about, replicas);
    try {
      for (const beat of beats) bus.announce(heartbeat, beat);
    } catch (cause) {
      logger.warn({ err: cause }, 'a heartbeat could not be sent');
    }
    return beats.length;
  }
}
