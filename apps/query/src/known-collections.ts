import type { Catalog } from '@vectorizer/cluster';
import type { CallContext, CollectionRecord, CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** How long a read waits to hear of a collection that another process may have created a moment ago. */
const HEAR_MS_MAX = 1_000;

type Waiter = (record: CollectionRecord | undefined) => void;

/** The catalog by uid. A reader may be quicker than the news of a creation, so an unknown uid is waited for. */
export class KnownCollections {
  readonly #catalog: Catalog;
  readonly #waiters = new Map<CollectionUid, Set<Waiter>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.onChange(({ kind, record }) => {
      if (kind === 'created') this.#tell(record.uid, record);
    });
  }

  find(uid: CollectionUid): CollectionRecord | undefined {
    return this.#catalog.findByUid(uid);
  }

  async get(uid: CollectionUid, context: CallContext): Promise<CollectionRecord> {
    const record = this.find(uid) ?? (await this.#hear(uid, context));
    if (record !== undefined) return record;
    throw new Failure('collection_not_found', `collection ${uid} does not exist`, { details: { uid } });
  }

  /** Those that wait get no answer any more. */
  close(): void {
    for (const uid of this.#waiters.keys()) this.#tell(uid, undefined);
  }

  #hear(uid: CollectionUid, context: CallContext): Promise<CollectionRecord | undefined> {
    const { promise, resolve } = Promise.withResolvers<CollectionRecord | undefined>();
    const waiters = this.#waiters.get(uid) ?? new Set();
    this.#waiters.set(uid, waiters);
    const waiter: Waiter = (record) => {
      clearTimeout(timer);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(uid);
      resolve(record);
    };
    const timer = setTimeout(waiter, Math.max(0, Math.min(HEAR_MS_MAX, context.deadline - Date.now())), undefined);
    waiters.add(waiter);
    return promise;
  }

  #tell(uid: CollectionUid, record: CollectionRecord | undefined): void {
    for (const waiter of this.#waiters.get(uid) ?? []) waiter(record);
  }
}
