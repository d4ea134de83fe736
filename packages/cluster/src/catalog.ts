import type { NatsConnection } from '@nats-io/transport-node';
import {
  AliasRecord,
  buckets,
  CollectionConfig,
  CollectionRecord,
  newUid,
  type CollectionUid,
  type NewCollection,
  type NodeId,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { z } from 'zod';
import { Aliases, isAlias, isCollection, type CatalogEntry } from './aliases.ts';
import { isOfCluster } from './cluster-id.ts';
import { KvMirror, type MirrorChange } from './kv-mirror.ts';

/** `changed`: the same collection, with a record that says something else. */
export type CatalogChange = {
  readonly kind: 'created' | 'changed' | 'dropped';
  readonly record: CollectionRecord;
};

const Entry = z.union([CollectionRecord, AliasRecord]);

/** The collections that exist. What is here is the truth: a log or a directory without a record here is rubbish. */
export class Catalog {
  readonly aliases: Aliases;
  readonly #connection: NatsConnection;
  readonly #mirror: KvMirror<CatalogEntry>;
  readonly #byUid: Map<CollectionUid, CollectionRecord>;

  private constructor(connection: NatsConnection, mirror: KvMirror<CatalogEntry>) {
    this.#connection = connection;
    this.#mirror = mirror;
    this.aliases = new Aliases(mirror);
    this.#byUid = new Map(this.list().map((record) => [record.uid, record]));
    this.onChange(({ kind, record }) => {
      if (kind === 'dropped') this.#byUid.delete(record.uid);
      else this.#byUid.set(record.uid, record);
    });
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<Catalog> {
    const mirror = await KvMirror.open({ ...options, bucket: buckets.collections, schema: Entry });
    return new Catalog(options.connection, mirror);
  }

  /** Whether the log servers that it is from now are those of this cluster: to be asked before something is removed for good. */
  async isOf(cluster: string): Promise<boolean> {
    return isOfCluster(this.#connection, cluster);
  }

  /** All collections, by name; some milliseconds old at most. */
  list(): CollectionRecord[] {
    const records = this.#mirror.values().filter((entry) => isCollection(entry));
    return records.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The collection of that name or alias as far as this process has heard. */
  known(name: string): CollectionRecord | undefined {
    const entry = this.#mirror.get(name);
    return isAlias(entry) ? this.findByUid(entry.uid) : entry;
  }

  /** The collection of that name or alias. One that this process has not heard of yet is looked up. */
  async find(name: string): Promise<CollectionRecord | undefined> {
    const entry = this.#mirror.get(name) ?? (await this.#mirror.refresh(name));
    if (!isAlias(entry)) return entry;
    const target = await this.aliases.target(entry);
    if (target !== undefined) return target;
    // Its collection is gone; it may stand for another by now.
    const newer = await this.#mirror.refresh(name);
    return isAlias(newer) ? this.aliases.target(newer) : newer;
  }

  /** The collection of that name or alias that the catalog's leader knows now. */
  async refresh(name: string): Promise<CollectionRecord | undefined> {
    await this.#mirror.refresh(name);
    return this.find(name);
  }

  /** The collection of that uid as far as this process has heard. */
  findByUid(uid: CollectionUid): CollectionRecord | undefined {
    return this.#byUid.get(uid);
  }

  /**
   * The collection of that uid; undefined when there is none. A caller may be quicker than the news of the creation, so for one
   * that is unknown the catalog's leader is asked how far there are news, and those are waited for.
   */
  async hear(uid: CollectionUid): Promise<CollectionRecord | undefined> {
    if (this.findByUid(uid) === undefined) await this.#mirror.catchUp();
    return this.findByUid(uid);
  }

  /**
   * The uids that the catalog's leader holds now, and since when there is a catalog. For whoever is about to remove
   * something because no collection has it: this process's own picture may be older than the thing.
   */
  async refreshAll(): Promise<{ readonly uids: ReadonlySet<CollectionUid>; readonly since: string }> {
    const { values, since } = await this.#mirror.refreshAll();
    return { uids: new Set(values.filter((entry) => isCollection(entry)).map(({ uid }) => uid)), since };
  }

  /** Durable when it returns. Of concurrent creations of one name one wins, the others get `collection_already_exists`. */
  async create(collection: NewCollection, placement: (uid: CollectionUid) => NodeId[][]): Promise<CollectionRecord> {
    const { name, payload_indexes, cache, ...config } = collection;
    const uid = newUid();
    const record: CollectionRecord = {
      v: 1,
      uid,
      name,
      created_at: new Date().toISOString(),
      config: CollectionConfig.parse(config),
      placement: placement(uid),
      payload_indexes,
      cache,
    };
    if (await this.#claim(record)) return record;
    throw this.#taken(name);
  }

  /**
   * Puts a whole record under its name; answers the one that it replaces, whose aliases it takes over. Where it may not replace another it fails with
   * `collection_already_exists`. Durable when it returns.
   */
  async put(
    record: CollectionRecord,
    { replace }: { readonly replace: boolean },
  ): Promise<CollectionRecord | undefined> {
    const { name, uid } = record;
    if (await this.#claim(record)) return undefined;
    if (!replace) throw this.#taken(name);
    let replaced: CollectionRecord | undefined;
    const updated = await this.#mirror.update(name, (found) => {
      if (isAlias(found)) throw this.#taken(name);
      if (found.uid !== uid) replaced = found;
      return record;
    });
    // Dropped in between: then the name is free.
    if (updated === undefined) return this.put(record, { replace });
    if (replaced !== undefined) await this.aliases.moveAll(replaced.uid, record);
    return replaced;
  }

  /**
   * Changes the record that is there: of concurrent changes each is made upon the others' results. `change` may be called
   * more than once, and refuses by throwing. Durable when it returns.
   */
  async update(name: string, change: (record: CollectionRecord) => CollectionRecord): Promise<CollectionRecord> {
    const updated = await this.#mirror.update(name, (found) => {
      if (isAlias(found)) throw this.#unknown(name);
      return change(found);
    });
    if (isCollection(updated)) return updated;
    throw this.#unknown(name);
  }

  /** And its aliases with it. Not by an alias. Durable when it returns. */
  async drop(name: string): Promise<CollectionRecord> {
    const dropped = await this.#mirror.delete(name, isCollection);
    if (!isCollection(dropped)) throw this.#unknown(name);
    await this.aliases.deleteAllOf(dropped.uid);
    return dropped;
  }

  /** Also told when a namesake takes the place of another collection: dropped first, then created. */
  onChange(listener: (change: CatalogChange) => void): void {
    this.#mirror.onChange((change: MirrorChange<CatalogEntry>) => {
      const [before, after] = [change.before, change.after].map((entry) => (isCollection(entry) ? entry : undefined));
      if (before !== undefined && after?.uid === before.uid) {
        listener({ kind: 'changed', record: after });
        return;
      }
      if (before !== undefined) listener({ kind: 'dropped', record: before });
      if (after !== undefined) listener({ kind: 'created', record: after });
    });
  }

  async #claim(record: CollectionRecord): Promise<boolean> {
    const { name, uid } = record;
    const ours = (found: CatalogEntry): boolean => isCollection(found) && found.uid === uid;
    if (await this.#mirror.create(name, record, ours)) return true;
    return (await this.aliases.free(name)) ? this.#claim(record) : false;
  }

  #taken(name: string): Failure {
    const what = isAlias(this.#mirror.get(name)) ? 'an alias' : 'a collection';
    return new Failure('collection_already_exists', `${what} is named ${name}`, { details: { collection: name } });
  }

  #unknown(name: string): Failure {
    const details = { details: { collection: name } };
    if (!isAlias(this.#mirror.get(name)))
      return new Failure('collection_not_found', `collection ${name} does not exist`, details);
    return new Failure('collection_not_found', `${name} is an alias, and no collection`, details);
  }

  /** As of every mirror: what old deletions have left goes. */
  async purgeDeleted(): Promise<number> {
    return this.#mirror.purgeDeleted();
  }

  close(): void {
    this.#mirror.close();
  }
}
