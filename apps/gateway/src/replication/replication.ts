import {
  replicaResync,
  replicationProof,
  replicationStatus,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type ReplicationProof,
  type ReplicationStatus,
  type ReplicaView,
  type Resync,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Collections } from '../collections/collections.ts';

/** What the replication monitor knows, handed on as it is. */
export class Replication {
  readonly #bus: Bus;
  readonly #collections: Pick<Collections, 'get'>;

  constructor(bus: Bus, collections: Pick<Collections, 'get'>) {
    this.#bus = bus;
    this.#collections = collections;
  }

  async status(context: CallContext): Promise<ReplicationStatus> {
    return this.#bus.call(replicationStatus, {}, { context });
  }

  /** By its id, `node/collection/shard`. Throws `not_found`. */
  async replica(id: string, context: CallContext): Promise<ReplicaView> {
    const { replicas } = await this.status(context);
    const replica = replicas.find((each) => each.id === id);
    if (replica !== undefined) return replica;
    throw new Failure('not_found', `there is no replica ${id}`, { details: { replica: id } });
  }

  async proof(name: CollectionRecord['name'], context: CallContext): Promise<ReplicationProof> {
    const { uid } = await this.#collections.get(name);
    return this.#bus.call(replicationProof, { uid }, { context });
  }

  /** Answers when the replica is being built anew, with the id under which it tells of that. */
  async resync(id: string, context: CallContext): Promise<{ readonly resync?: Resync['id'] }> {
    const { node, collection, shard } = await this.replica(id, context);
    const { uid } = await this.#collections.get(collection);
    const input = { uid, shard, node, reason: 'asked for by a client' };
    return this.#bus.call(replicaResync, input, { context });
  }
}
