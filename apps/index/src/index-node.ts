import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, NodeRegistry } from '@vectorizer/cluster';
import { heartbeat, type Bus, type NodeId, type ReplicaReport } from '@vectorizer/contracts';
import { Gpu, type GpuMode } from '@vectorizer/engine';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { DataDirectory } from './data-directory.ts';
import { Heartbeats } from './heartbeats.ts';
import { NodeGauges } from './index-metrics.ts';
import { Replicas } from './replicas.ts';
import { serveReplicas } from './serve-replicas.ts';

/** While the log server, which keeps the registry, is away. */
const REGISTER_PAUSE_MS = 1_000;

export type IndexNodeOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: NodeRegistry;
  readonly log: Log;
  readonly logger: Logger;
  /** Made if it is absent; one process at a time. */
  readonly directory: string;
  /** Which devices gpu collections may use; a real one, if there is one, unless it says otherwise. */
  readonly gpu?: GpuMode;
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
  readonly #gauges = new NodeGauges();
  readonly #closing = new AbortController();

  private constructor(options: IndexNodeOptions, directory: DataDirectory) {
    const logger = options.logger.child({ node: directory.node });
    this.node = directory.node;
    this.#options = { ...options, logger };
    this.#directory = directory;
    this.#heartbeats = new Heartbeats(() => this.#beat());
    const { catalog, log } = options;
    const gpu = new Gpu({ mode: options.gpu ?? 'auto', logger });
    this.#replicas = new Replicas({ catalog, directory, log, logger, gpu, onChange: () => this.#heartbeats.soon() });
  }

  /**
   * Returns when the replicas are open and answer; they follow their logs from then on. A replica that is damaged, or a
   * log that cannot be reached, keeps the node from nothing. Throws `storage_error` when the directory is not ours to use.
   */
  static async open(options: IndexNodeOptions): Promise<IndexNode> {
    const directory = await DataDirectory.open(options.directory);
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
    await this.#replicas.close();
    this.#gauges.show([]);
    await this.#directory.close();
  }

  async #start(): Promise<void> {
    await this.#replicas.start();
    serveReplicas(this.#options.bus, this.node, this.#replicas);
    this.#heartbeats.start();
    // Last: from here on collections are placed on this node.
    if (!(await this.#register())) void this.#registerLater();
  }

  async #register(): Promise<boolean> {
    const { registry, host, port, logger } = this.#options;
    try {
      await registry.register({ node: this.node, host, port });
      return true;
    } catch (cause) {
      logger.warn({ err: cause }, 'the node cannot be registered yet');
      return false;
    }
  }

  async #registerLater(): Promise<void> {
    const { signal } = this.#closing;
    do await sleep(REGISTER_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    while (!signal.aborted && !(await this.#register()));
  }

  #beat(): void {
    const { bus, host, port, logger } = this.#options;
    const replicas = this.replicas();
    this.#gauges.show(replicas);
    try {
      bus.announce(heartbeat, { node: this.node, at: new Date().toISOString(), host, port, replicas });
    } catch (cause) {
      logger.warn({ err: cause }, 'a heartbeat could not be sent');
    }
  }
}
