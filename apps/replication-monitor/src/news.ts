import type { EventJournal } from '@vectorizer/cluster';
import {
  replicationEvent,
  type Bus,
  type NodeId,
  type ReplicationEvent,
  type ReplicaView,
} from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';

/** Waiting to be written while the log server is away; of more the oldest are dropped. */
const WAITING_MAX = 1_000;

export type Happening = Omit<ReplicationEvent, 'number' | 'at'>;

/** Index nodes that have been silent beyond the grace time, and those that speak. */
export type NodeStates = { readonly lost: readonly NodeId[]; readonly speaking: readonly NodeId[] };

export type NewsOptions = {
  readonly journal: EventJournal;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly epochMs: () => number;
};

/**
 * What happened to the replicas, written to the journal and announced, by the monitor that acts. The others follow what it
 * has told, so that the one that takes over tells what nobody has told yet, and nothing twice.
 */
export class News {
  readonly #options: NewsOptions;
  /** The replicas whose placement was told, or that were there before; undefined before the first look. */
  #placed: Set<string> | undefined;
  /** The statuses that were told last, by replica. */
  readonly #told = new Map<string, ReplicaView['status']>();
  /** What was told last of each index node, by whoever told it. */
  readonly #toldOfNodes = new Map<string, string>();
  #waiting: Omit<ReplicationEvent, 'number'>[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: NewsOptions) {
    this.#options = options;
    options.bus.listen(replicationEvent, (event) => this.#follow(event));
  }

  /** Finds what is news about the replicas, and tells it if this monitor acts. */
  compare(replicas: readonly ReplicaView[], { acts }: { readonly acts: boolean }): void {
    this.#comparePlacement(new Set(replicas.map(({ id }) => id)), acts);
    for (const replica of replicas) this.#compareStatus(replica, acts);
  }

  /**
   * Tells which index nodes are lost or back. What another monitor told before this one listened is in the journal, so a
   * loss is told once, however often monitors start and take over.
   */
  async compareNodes({ lost, speaking }: NodeStates): Promise<void> {
    for (const node of lost) if ((await this.#toldOf(node)) !== 'lost') this.tell({ kind: 'node', node, to: 'lost' });
    for (const node of speaking) {
      if (this.#toldOfNodes.get(node) === 'lost') this.tell({ kind: 'node', node, to: 'back' });
    }
  }

  async #toldOf(node: NodeId): Promise<string | undefined> {
    const known = this.#toldOfNodes.get(node);
    if (known !== undefined) return known;
    const told = await this.#options.journal.newest((event) => event.kind === 'node' && event.node === node);
    // What was told while the journal was asked is newer.
    if (told !== undefined && !this.#toldOfNodes.has(node)) this.#noteNode(told);
    return this.#toldOfNodes.get(node);
  }

  tell(happening: Happening): void {
    if (happening.kind === 'node') this.#noteNode(happening);
    this.#waiting.push({ ...happening, at: new Date(this.#options.epochMs()).toISOString() });
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    this.#writing = this.#writing.then(() => this.#write());
  }

  #comparePlacement(ids: ReadonlySet<string>, acts: boolean): void {
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
    const placed = this.#placed;
    if (placed === undefined) this.#placed = new Set(ids);
    if (placed === undefined || !acts) return;
    for (const replica of ids) if (!placed.has(replica)) this.tell({ kind: 'placed', replica });
    for (const replica of placed) if (!ids.has(replica)) this.tell({ kind: 'removed', replica });
    this.#placed = new Set(ids);
  }

  #compareStatus({ id, status, last_heartbeat, reason }: ReplicaView, acts: boolean): void {
    const from = this.#told.get(id);
    if (from === status) return;
    // Before its first heartbeat nothing is known of it, also right after this monitor has started.
    if (from === undefined && last_heartbeat === null && status !== 'Disconnected') return;
    // Of a replica that is new here, only trouble is news.
    if (from === undefined && (status === 'Connected' || status === 'Syncing')) this.#told.set(id, status);
    else if (acts) {
      this.#told.set(id, status);
      this.tell({ kind: 'status', replica: id, ...(from && { from }), to: status, ...(reason && { reason }) });
    }
  }

  #noteNode({ node, to }: Happening): void {
    if (node !== undefined && to !== undefined) this.#toldOfNodes.set(node, to);
  }

  #follow(event: ReplicationEvent): void {
    const { kind, replica, to } = event;
    if (kind === 'node') this.#noteNode(event);
    if (replica === undefined) return;
    if (kind === 'placed') this.#placed?.add(replica);
    else if (kind === 'removed') this.#placed?.delete(replica);
    else if (kind === 'status' && to !== undefined) this.#told.set(replica, to as ReplicaView['status']);
  }

  /** Tries again to write what could not be written. */
  async flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { journal, bus, logger } = this.#options;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        const event = await journal.append(next);
        if (this.#waiting[0] === next) this.#waiting.shift();
        logger.info({ event }, 'replication event');
        bus.announce(replicationEvent, event);
      } catch (error) {
        logger.debug({ err: error }, 'a replication event could not be written yet');
        return;
      }
    }
  }
}
