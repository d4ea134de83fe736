import type { Catalog, CatalogChange, Claims, SnapshotStore } from '@vectorizer/cluster';
import type { CollectionRecord, CollectionUid, ReplicaReport } from '@vectorizer/contracts';
import type { Gpu, Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { DataDirectory, ReplicaKey } from './data-directory.ts';
import type { Progress } from './progress.ts';
import { Replica } from './replica.ts';
import type { SharingSettings } from './shared-snapshots.ts';
import { strayReplicas } from './stray-replicas.ts';

/** Opened at once when the node starts: reading files overlaps, building graphs does not. */
const OPENING_MAX = 4;

export type ReplicasOptions = {
  readonly catalog: Catalog;
  /** The name of the cluster. */
  readonly cluster: string;
  readonly directory: DataDirectory;
  readonly log: Log;
  readonly claims: Claims;
  readonly snapshots: SnapshotStore;
  readonly sharing: SharingSettings;
  readonly gpu: Gpu;
  readonly turns: Turns;
  readonly logger: Logger;
  /** Told when a replica has come, gone or changed its phase. */
  readonly onChange: () => void;
  readonly onApplied: Progress['applied'];
};

/** The replicas that the catalog places on this node: opened when they are created, removed when they are dropped. */
export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #replicas = new Map<string, Replica>();
  /** A replica that comes back is opened when its former files are gone. */
  readonly #removals = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /** Returns when every replica is open, or has turned out to be damaged. */
  async start(): Promise<void> {
    const { catalog, directory, logger } = this.#options;
    // Subscribed and listed in one turn: nothing is missed in between.
    catalog.onChange((change) => this.#onChange(change));
    const placed = catalog.list().flatMap((record) => this.#add(record));
    const strays = (await directory.replicas()).filter((key) => !this.#replicas.has(nameOf(key)));
    for (const key of await strayReplicas(strays, this.#options)) {
      if (this.#replicas.has(nameOf(key))) continue;
      logger.info(key, 'removing the files of a replica that the catalog does not place here');
      await this.#removeFiles(key);
    }
    const next = placed.values();
    const openAll = async (): Promise<void> => {
      for (const replica of next) await replica.open();
    };
    await Promise.all(Array.from({ length: OPENING_MAX }, openAll));
  }

  all(): readonly Replica[] {
    return [...this.#replicas.values()];
  }

  reports(): ReplicaReport[] {
    return [...this.#replicas.values()].map((replica) => replica.report());
  }

  /** Throws `collection_not_found`, or `index_unavailable` when the replica is not (or no longer) on this node. */
  async find(key: ReplicaKey): Promise<Replica> {
    const { catalog, directory } = this.#options;
    const here = this.#replicas.get(nameOf(key));
    if (here !== undefined) return here;
    const record = this.#closed ? undefined : await catalog.hear(key.uid);
    if (this.#closed) throw stopping();
    const replica = this.#replicas.get(nameOf(key));
    if (replica !== undefined) return replica;
    if (record === undefined) throw unknown(key.uid);
    throw new Failure('index_unavailable', `node ${directory.node} has no replica of this shard`);
  }

  /** Closes what is open; the files stay. */
  async close(): Promise<void> {
    this.#closed = true;
    const closings = [...this.#replicas.values()].map(async (replica) => this.#close(replica, stopping()));
    await Promise.all([...closings, ...this.#removals.values()]);
    this.#replicas.clear();
  }

  #onChange({ kind, record }: CatalogChange): void {
    if (this.#closed) return;
    if (kind === 'dropped') this.#drop(record);
    else {
      if (kind === 'changed') this.#change(record);
      for (const replica of this.#add(record)) void this.#open(replica);
    }
  }

  #add(record: CollectionRecord): Replica[] {
    const { directory, onChange } = this.#options;
    return record.placement.flatMap((nodes, shard) => {
      const key = { uid: record.uid, shard };
      if (!nodes.includes(directory.node) || this.#replicas.has(nameOf(key))) return [];
      const place = { node: directory.node, record, shard, directory: directory.pathOf(key) };
      const replica = new Replica({ ...this.#options, ...place, onPhase: onChange });
      this.#replicas.set(nameOf(key), replica);
      return [replica];
    });
  }

  async #open(replica: Replica): Promise<void> {
    await this.#removals.get(nameOf(replica.report()));
    await replica.open();
    this.#options.onChange();
  }

  /** Replicas that are placed elsewhere now are removed; the others are told. */
  #change(record: CollectionRecord): void {
    const { directory, logger } = this.#options;
    for (const [shard, nodes] of record.placement.entries()) {
      const key = { uid: record.uid, shard };
      if (nodes.includes(directory.node)) this.#replicas.get(nameOf(key))?.change(record);
      else if (this.#replicas.has(nameOf(key))) {
        logger.info(key, 'removing a replica that is placed elsewhere now');
        this.#takeOff(key, new Failure('index_unavailable', 'the replica is placed elsewhere'));
      }
    }
    this.#options.onChange();
  }

  #drop({ uid, placement }: CollectionRecord): void {
    for (const shard of placement.keys()) this.#takeOff({ uid, shard }, unknown(uid));
    this.#options.onChange();
  }

  #takeOff(key: ReplicaKey, reason: Failure): void {
    const replica = this.#replicas.get(nameOf(key));
    if (replica === undefined) return;
    this.#replicas.delete(nameOf(key));
    const removal = this.#remove(key, replica, reason);
    this.#removals.set(nameOf(key), removal);
    void removal.then(() => this.#removals.delete(nameOf(key)));
  }

  async #remove(key: ReplicaKey, replica: Replica, reason: Failure): Promise<void> {
    await this.#close(replica, reason);
    await this.#removeFiles(key);
  }

  /** What cannot be removed now, the next start removes. */
  async #removeFiles(key: ReplicaKey): Promise<void> {
    const { catalog, cluster, directory, logger } = this.#options;
    // A connection that has come to another cluster's log servers hears of a catalog that has nothing of what is here.
    if (!(await catalog.isOf(cluster))) {
      logger.warn(key, 'the files of a replica are left: the log servers do not say that they are of this cluster');
      return;
    }
    await directory.remove(key).catch((cause: unknown) => {
      logger.error({ err: cause, ...key }, 'cannot remove the files of a replica');
    });
  }

  /** What cannot be flushed is in the log and is applied again. */
  async #close(replica: Replica, reason: Failure): Promise<void> {
    await replica.close(reason).catch((cause: unknown) => {
      const { uid, shard } = replica.report();
      this.#options.logger.error({ err: cause, uid, shard }, 'a replica did not close cleanly');
    });
  }
}

function nameOf({ uid, shard }: ReplicaKey): string {
  return `${uid}_${shard}`;
}

function unknown(uid: CollectionUid): Failure {
  return new Failure('collection_not_found', 'this collection does not exist', { details: { uid } });
}

function stopping(): Failure {
  return new Failure('index_unavailable', 'the index node is stopping');
}
