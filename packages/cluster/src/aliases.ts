import { limits, type AliasRecord, type CollectionRecord, type CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { KvMirror } from './kv-mirror.ts';

/** Collections and aliases share their keys: of concurrent claims to one name, one wins. */
export type CatalogEntry = CollectionRecord | AliasRecord;

export function isAlias(entry: CatalogEntry | undefined): entry is AliasRecord {
  return entry !== undefined && 'alias' in entry;
}

export function isCollection(entry: CatalogEntry | undefined): entry is CollectionRecord {
  return entry !== undefined && !isAlias(entry);
}

/**
 * Other names of collections. One whose collection is gone stands for nothing and does not keep its name from others;
 * such are left over only when a process ends while it drops a collection.
 */
export class Aliases {
  readonly #mirror: KvMirror<CatalogEntry>;

  constructor(mirror: KvMirror<CatalogEntry>) {
    this.#mirror = mirror;
  }

  /** By name; some milliseconds old at most. */
  list(): AliasRecord[] {
    const aliases = this.#mirror.values().filter((entry) => isAlias(entry));
    return aliases.filter((record) => this.#known(record)).toSorted((a, b) => (a.alias < b.alias ? -1 : 1));
  }

  /** Throws `not_found`. */
  async get(alias: string): Promise<AliasRecord> {
    const entry = await this.#mirror.refresh(alias);
    if (isAlias(entry) && (await this.target(entry)) !== undefined) return entry;
    throw unknownAlias(alias);
  }

  /** The collection that an alias stands for, if it is still there. */
  async target(record: AliasRecord): Promise<CollectionRecord | undefined> {
    const known = this.#known(record);
    if (known !== undefined) return known;
    const found = await this.#mirror.refresh(record.collection);
    return isCollection(found) && found.uid === record.uid ? found : undefined;
  }

  /**
   * Makes an alias, or has one stand for another collection from one moment to the next. Durable when it returns. Throws
   * `collection_already_exists` when a collection has the name.
   */
  async put(
    alias: AliasRecord['alias'],
    collection: CollectionRecord,
  ): Promise<{ readonly record: AliasRecord; readonly created: boolean }> {
    const { name, uid } = collection;
    const record: AliasRecord = { v: 1, alias, collection: name, uid, created_at: new Date().toISOString() };
    const before = await this.#mirror.refresh(alias);
    if (before === undefined) this.#checkRoom();
    const ours = (found: CatalogEntry): boolean =>
      isAlias(found) && found.uid === uid && found.created_at === record.created_at;
    const created = await this.#mirror.create(alias, record, ours);
    const kept = created ? record : await this.#switch(record);
    // Dropped and created anew in between.
    if (kept === undefined) return this.put(alias, collection);
    // A collection that was dropped meanwhile may have taken leave of its aliases before this one was there.
    const target = await this.#mirror.refresh(name);
    if (!isCollection(target) || target.uid !== uid) {
      await this.#remove(alias, uid);
      throw new Failure('collection_not_found', `collection ${name} was dropped`, { details: { collection: name } });
    }
    return { record: kept, created };
  }

  /** Gives a collection a name that nobody has. Whether the collection has it now; another's is left alone. */
  async claim(alias: AliasRecord['alias'], collection: CollectionRecord): Promise<boolean> {
    const { name, uid } = collection;
    const ours = (found: CatalogEntry): boolean => isAlias(found) && found.uid === uid;
    const before = await this.#mirror.refresh(alias);
    if (before === undefined && !this.#hasRoom()) return false;
    const record: AliasRecord = { v: 1, alias, collection: name, uid, created_at: new Date().toISOString() };
    if (await this.#mirror.create(alias, record, ours)) return true;
    if (await this.free(alias)) return this.claim(alias, collection);
    const found = await this.#mirror.refresh(alias);
    return found !== undefined && ours(found);
  }

  /** Of one collection, by name. */
  of(uid: CollectionUid): AliasRecord[] {
    return this.list().filter((record) => record.uid === uid);
  }

  /** Durable when it returns. Throws `not_found`. */
  async delete(alias: string): Promise<AliasRecord> {
    const deleted = await this.#mirror.delete(alias, isAlias);
    if (isAlias(deleted)) return deleted;
    throw unknownAlias(alias);
  }

  /** Of a collection that is gone. */
  async deleteAllOf(uid: CollectionUid): Promise<void> {
    await Promise.all(this.#of(uid).map(async ({ alias }) => this.#remove(alias, uid)));
  }

  /** Those of a collection stand for another from now on. */
  async moveAll(from: CollectionUid, { name, uid }: CollectionRecord): Promise<void> {
    const moved = (entry: CatalogEntry): CatalogEntry =>
      isAlias(entry) && entry.uid === from ? { ...entry, collection: name, uid } : entry;
    await Promise.all(this.#of(from).map(async ({ alias }) => this.#mirror.update(alias, moved)));
  }

  /** Whether the name has been freed of an alias that stands for nothing. */
  async free(name: string): Promise<boolean> {
    const entry = this.#mirror.get(name);
    if (!isAlias(entry) || (await this.target(entry)) !== undefined) return false;
    return (await this.#remove(name, entry.uid)) !== undefined;
  }

  async #switch(record: AliasRecord): Promise<AliasRecord | undefined> {
    const { alias } = record;
    const updated = await this.#mirror.update(alias, (found) => {
      if (isAlias(found)) return { ...record, created_at: found.created_at };
      throw new Failure('collection_already_exists', `a collection is named ${alias}`, {
        details: { collection: alias },
      });
    });
    return isAlias(updated) ? updated : undefined;
  }

  async #remove(alias: string, uid: CollectionUid): Promise<CatalogEntry | undefined> {
    return this.#mirror.delete(alias, (found) => isAlias(found) && found.uid === uid);
  }

  #of(uid: CollectionUid): AliasRecord[] {
    return this.#mirror
      .values()
      .filter((entry) => isAlias(entry))
      .filter((record) => record.uid === uid);
  }

  #known({ collection, uid }: AliasRecord): CollectionRecord | undefined {
    const found = this.#mirror.get(collection);
    return isCollection(found) && found.uid === uid ? found : undefined;
  }

  #hasRoom(): boolean {
    return this.#mirror.values().filter((entry) => isAlias(entry)).length < limits.aliasesMax;
  }

  #checkRoom(): void {
    if (this.#hasRoom()) return;
    throw new Failure('validation_error', `there are ${limits.aliasesMax} aliases, which is as many as there may be`);
  }
}

function unknownAlias(alias: string): Failure {
  return new Failure('not_found', `no alias is named ${alias}`, { details: { alias } });
}
