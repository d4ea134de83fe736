import {
  CollectionName,
  replicaResync,
  replicationProof,
  replicationStatus,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type CollectionUid,
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
  readonly #collections: Pick<Collections, 'find' | 'get'>;

  constructor(bus: Bus, collections: Pick<Collections, 'find' | 'get'>) {
    this.#bus = bus;
    this.#collections = collections;
  }

  async status(context: CallContext): Promise<ReplicationStatus> {
    return this.#bus.call(replicationStatus, {}, { context });
  }

  /** By its id, `node/collection/shard`. Throws `not_found`. */
  async replica(id: string, context: CallContext): Promise<ReplicaView> {
    return (await this.#find(id, context)).replica;
  }

  async proof(name: CollectionRecord['name'], context: CallContext): Promise<ReplicationProof> {
    const { uid } = await this.#collections.get(name);
    return this.#bus.call(replicationProof, { uid }, { context });
  }

  /** Answers when the replica is being built anew, with the id under which it tells of that. */
  async resync(id: string, context: CallContext): Promise<{ readonly resync?: Resync['id'] }> {
    const { uid, replica } = await this.#find(id, context);
    const { node, shard } = replica;
    const input = { uid, shard, node, reason: 'asked for by a client' };
    return this.#bus.call(replicaResync, input, { context });
  }

  /** The monitor may not have heard of a new collection yet: its uid makes it ask. */
  async #find(id: string, context: CallContext): Promise<Found> {
    const name = CollectionName.safeParse(id.split('/')[1]);
    const uid = name.success ? (await this.#collections.find(name.data))?.uid : undefined;
    if (uid === undefined) throw noReplica(id);
    const { replicas } = await this.#bus.call(replicationStatus, { uid }, { context });
    const replica = replicas.find((each) => each.id === id);
    if (replica === undefined) throw noReplica(id);
    return { uid, replica };
  }
}

type Found = { readonly uid: CollectionUid; readonly replica: ReplicaView };

function noReplica(id: string): Failure {
  return new Failure('not_found', `there is no replica ${id}`, { details: { replica: id } });
}
