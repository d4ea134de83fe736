import type { NatsConnection } from '@nats-io/transport-node';
import {
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
import { Arrivals } from './arrivals.ts';
import { KvMirror } from './kv-mirror.ts';

/** `changed`: the same collection, with a record that says something else. */
export type CatalogChange = {
  readonly kind: 'created' | 'changed' | 'dropped';
  readonly record: CollectionRecord;
};

/** The collections that exist. What is here is the truth: a log or a directory without a record here is rubbish. */
export class Catalog {
  readonly #mirror: KvMirror<CollectionRecord>;
  readonly #arrivals = new Arrivals();
  readonly #byUid: Map<CollectionUid, CollectionRecord>;

  private constructor(mirror: KvMirror<CollectionRecord>) {
    this.#mirror = mirror;
    this.#byUid = new Map(mirror.values().map((record) => [record.uid, record]));
    this.onChange(({ kind, record }) => {
      if (kind === 'dropped') {
        this.#byUid.delete(record.uid);
        this.#arrivals.dropped(record.uid);
      } else {
        this.#byUid.set(record.uid, record);
        this.#arrivals.created(record);
      }
    });
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<Catalog> {
    return new Catalog(await KvMirror.open({ ...options, bucket: buckets.collections, schema: CollectionRecord }));
  }

  /** All collections, by name; some milliseconds old at most. */
  list(): CollectionRecord[] {
    return this.#mirror.values().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The collection of that name. One that this process has not heard of yet is looked up. */
  async find(name: string): Promise<CollectionRecord | undefined> {
    return this.#mirror.get(name) ?? this.#mirror.refresh(name);
  }

  /** The collection of that uid as far as this process has heard. */
  findByUid(uid: CollectionUid): CollectionRecord | undefined {
    return this.#byUid.get(uid);
  }

  /**
   * The collection of that uid. A caller may be quicker than the news of the creation, so one that is unknown is waited for,
   * for a second at most. Undefined when there is none.
   */
  async hear(uid: CollectionUid, deadline: number): Promise<CollectionRecord | undefined> {
    return this.findByUid(uid) ?? this.#arrivals.of(uid, deadline);
  }

  /**
   * The uids that the catalog's leader holds now, and since when there is a catalog. For whoever is about to remove
   * something because no collection has it: this process's own picture may be older than the thing.
   */
  async refreshAll(): Promise<{ readonly uids: ReadonlySet<CollectionUid>; readonly since: string }> {
    const { values, since } = await this.#mirror.refreshAll();
    return { uids: new Set(values.map(({ uid }) => uid)), since };
  }

  /** Durable when it returns. Of concurrent creations of one name one wins, the others get `collection_already_exists`. */
  async create(collection: NewCollection, placement: (uid: CollectionUid) => NodeId[][]): Promise<CollectionRecord> {
    const { name, payload_indexes, ...config } = collection;
    const uid = newUid();
    const record: CollectionRecord = {
      v: 1,
      uid,
      name,
      created_at: new Date().toISOString(),
      config: CollectionConfig.parse(config),
      placement: placement(uid),
      payload_indexes,
    };
    if (await this.#mirror.create(name, record, (found) => found.uid === uid)) return record;
    throw new Failure('collection_already_exists', `collection ${name} exists`, { details: { collection: name } });
  }

  /**
   * Puts a whole record under its name; answers the one that it replaces. Where it may not replace another it fails with
   * `collection_already_exists`. Durable when it returns.
   */
  async put(
    record: CollectionRecord,
    { replace }: { readonly replace: boolean },
  ): Promise<CollectionRecord | undefined> {
    const { name, uid } = record;
    if (await this.#mirror.create(name, record, (found) => found.uid === uid)) return undefined;
    if (!replace) {
      throw new Failure('collection_already_exists', `collection ${name} exists`, { details: { collection: name } });
    }
    let replaced: CollectionRecord | undefined;
    const updated = await this.#mirror.update(name, (found) => {
      if (found.uid !== uid) replaced = found;
      return record;
    });
    // Dropped in between: then the name is free.
    return updated === undefined ? this.put(record, { replace }) : replaced;
  }

  /**
   * Changes the record that is there: of concurrent changes each is made upon the others' results. `change` may be called
   * more than once, and refuses by throwing. Durable when it returns.
   */
  async update(name: string, change: (record: CollectionRecord) => CollectionRecord): Promise<CollectionRecord> {
    const updated = await this.#mirror.update(name, change);
    if (updated !== undefined) return updated;
    throw new Failure('collection_not_found', `collection ${name} does not exist`, { details: { collection: name } });
  }

  /** Durable when it returns. */
  async drop(name: string): Promise<CollectionRecord> {
    const dropped = await this.#mirror.delete(name);
    if (dropped !== undefined) return dropped;
    throw new Failure('collection_not_found', `collection ${name} does not exist`, { details: { collection: name } });
  }

  /** Also told when a namesake takes the place of another collection: dropped first, then created. */
  onChange(listener: (change: CatalogChange) => void): void {
    this.#mirror.onChange(({ before, after }) => {
      if (before !== undefined && after?.uid === before.uid) {
        listener({ kind: 'changed', record: after });
        return;
      }
      if (before !== undefined) listener({ kind: 'dropped', record: before });
      if (after !== undefined) listener({ kind: 'created', record: after });
    });
  }

  close(): void {
    this.#arrivals.close();
    this.#mirror.close();
  }
}
