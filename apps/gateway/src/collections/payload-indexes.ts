import type { Catalog } from '@vectorizer/cluster';
import {
  limits,
  type CallContext,
  type CollectionName,
  type PayloadIndex,
  type PayloadIndexReport,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField } from '@vectorizer/frame';
import type { Collections, CollectionView, ShardView } from './collections.ts';

/** The payload indexes that collections declare: kept in the catalog, from where every index node hears of changes. */
export class PayloadIndexes {
  readonly #catalog: Catalog;
  readonly #collections: Collections;

  constructor(catalog: Catalog, collections: Collections) {
    this.#catalog = catalog;
    this.#collections = collections;
  }

  /** As far as every replica has got with them. */
  async list(name: CollectionName, context: CallContext): Promise<readonly PayloadIndexReport[]> {
    const view = await this.#collections.view(name, context);
    return view.record.payload_indexes.map((index) => progressOf(index, view));
  }

  /** Declares an index, in the place of one of another type on the same key. It is built while everything goes on. */
  async put(name: CollectionName, index: PayloadIndex): Promise<void> {
    await this.#change(name, (indexes) => {
      const others = indexes.filter(({ key }) => key !== index.key);
      if (others.length >= limits.payloadIndexesMax) {
        throw invalidField('key', `a collection has at most ${limits.payloadIndexesMax} payload indexes`);
      }
      return [...others, index];
    });
  }

  async delete(name: CollectionName, key: string): Promise<void> {
    const { payload_indexes: found } = await this.#collections.get(name);
    if (!found.some((index) => index.key === key)) {
      throw new Failure('not_found', `collection ${name} has no payload index on ${JSON.stringify(key)}`, {
        details: { collection_name: name, key },
      });
    }
    await this.#change(name, (indexes) => indexes.filter((index) => index.key !== key));
  }

  async #change(
    name: CollectionName,
    change: (indexes: readonly PayloadIndex[]) => readonly PayloadIndex[],
  ): Promise<void> {
    const { name: own, uid } = await this.#collections.get(name);
    await this.#catalog.update(own, (record) => {
      // A namesake that came in between is another collection.
      if (record.uid !== uid) throw new Failure('collection_not_found', `collection ${name} was dropped`);
      return { ...record, payload_indexes: [...change(record.payload_indexes)] };
    });
  }
}

/** Ready once every replica that answers is; a shard of which none answers is not. Each shard counts by its slowest. */
export function progressOf(index: PayloadIndex, { shards }: CollectionView): PayloadIndexReport {
  const found = shards.map((shard) => slowestOf(index, shard));
  const ready = found.every((report) => report?.state === 'ready');
  return {
    key: index.key,
    type: index.type,
    state: ready ? 'ready' : 'building',
    points: found.reduce((sum, report) => sum + (report?.points ?? 0), 0),
  };
}

function slowestOf({ key, type }: PayloadIndex, { replicas }: ShardView): PayloadIndexReport | undefined {
  const answering = replicas.flatMap((replica) => (replica.reachable ? [replica] : []));
  const reports = answering.map(({ payload_indexes: indexes = [] }) =>
    indexes.find((each) => each.key === key && each.type === type),
  );
  if (reports.includes(undefined)) return undefined;
  return reports.find((report) => report?.state === 'building') ?? reports[0];
}
