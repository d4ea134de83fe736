import { setTimeout as sleep } from 'node:timers/promises';
import type { Aliases, Catalog, SnapshotStore } from '@vectorizer/cluster';
import {
  describe,
  shardDescribe,
  type Answer,
  type Bus,
  type CallContext,
  type CollectionName,
  type CollectionRecord,
  type NewCollection,
  type NodeId,
  type ReplicaReport,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { LiveNodes } from './live-nodes.ts';
import { placeShards } from './placement.ts';

export type CollectionsOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly nodes: LiveNodes;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly logger: Logger;
};

export type CollectionChange = Pick<CollectionRecord, 'cache'>;

export type ShardView = Answer<'CollectionState'>['shards'][number];
export type CollectionView = {
  readonly record: CollectionRecord;
  readonly points: number;
  readonly shards: readonly ShardView[];
};

/** A replica answers about itself at once; one that does not within this is shown as not reachable. */
const DESCRIBE_MS_MAX = 1_000;
/** A new collection's replicas open within milliseconds, on a node that is busy within seconds; after this the creation has failed. */
const OPENING_MS_MAX = 8_000;
/** Soon at first, for a new collection; then the nodes are spared, since a restored one may take minutes. */
const POLL_MS_FIRST = 10;
const POLL_MS_MAX = 250;
const POLL_GROWTH = 1.25;

export class Collections {
  readonly #options: CollectionsOptions;
  readonly #nodes: LiveNodes;

  constructor(options: CollectionsOptions) {
    this.#options = options;
    this.#nodes = options.nodes;
  }

  get aliases(): Aliases {
    return this.#options.catalog.aliases;
  }

  /** By name. */
  list(): readonly CollectionRecord[] {
    return this.#options.catalog.list();
  }

  async find(name: CollectionName): Promise<CollectionRecord | undefined> {
    return this.#options.catalog.find(name);
  }

  /** Throws `collection_not_found`. */
  async get(name: CollectionName): Promise<CollectionRecord> {
    const record = await this.find(name);
    if (record !== undefined) return record;
    throw new Failure('collection_not_found', `no collection is named ${name}`, { details: { collection: name } });
  }

  /** What has taken the place of a collection that turned out to be gone, as a restore does; undefined when nothing has. */
  async successorOf({ name, uid, config }: CollectionRecord): Promise<CollectionRecord | undefined> {
    const found = await this.#options.catalog.refresh(name);
    const takesTheSame = found?.config.dimension === config.dimension && found.config.metric === config.metric;
    return found !== undefined && found.uid !== uid && takesTheSame ? found : undefined;
  }

  /** Durable, and able to take writes and searches, when this returns. Otherwise the name is free again. */
  async create(collection: NewCollection, context: CallContext): Promise<CollectionRecord> {
    const { catalog, log } = this.#options;
    const nodes = await this.#nodes.atLeast(collection.replication_factor, context.deadline);
    const record = await catalog.create(collection, (uid) => placeShards(uid, collection, nodes));
    try {
      await log.ensureStreams(record.uid, record.config.shards, { deadline: context.deadline });
      const deadline = Math.min(context.deadline, Date.now() + OPENING_MS_MAX);
      await this.whenFollowing(record, { ...context, deadline });
    } catch (cause) {
      await this.#undo(record);
      throw cause;
    }
    return record;
  }

  async #undo(record: CollectionRecord): Promise<void> {
    const { catalog, log, logger } = this.#options;
    try {
      await catalog.drop(record.name);
      await log.dropStreams(record.uid);
    } catch (error) {
      logger.error({ error, collection: record.name }, 'a collection that could not be made could not be removed');
    }
  }

  /** Changes what may change in a collection's life. Durable when it returns. */
  async change(name: CollectionName, to: CollectionChange): Promise<CollectionRecord> {
    const { name: own, uid } = await this.get(name);
    return this.#options.catalog.update(own, (record) => {
      // A namesake that came in between is another collection.
      if (record.uid !== uid) throw new Failure('collection_not_found', `collection ${name} was dropped`);
      return { ...record, ...to };
    });
  }

  /** Done once the catalog has forgotten it. */
  async drop(name: CollectionName): Promise<CollectionRecord> {
    await this.get(name);
    const record = await this.#options.catalog.drop(name);
    await this.removeTraces(record);
    return record;
  }

  /** Of a collection that the catalog has forgotten. What cannot be removed now is an orphan, and the monitor removes those. */
  async removeTraces({ uid, name }: CollectionRecord): Promise<void> {
    const { log, snapshots, logger } = this.#options;
    await Promise.all([log.dropStreams(uid), snapshots.dropAll(uid)]).catch((error: unknown) => {
      const line = { error, collection: name, uid };
      logger.warn(line, 'the logs and snapshots of a dropped collection could not be removed yet');
    });
  }

  /** The state of every replica, asked of the nodes themselves. */
  async view(name: CollectionName, context: CallContext): Promise<CollectionView> {
    const record = await this.get(name);
    const heard = await this.#heard(record, context);
    const shards = await Promise.all(
      record.placement.map(async (nodes, shard) => ({
        shard,
        replicas: await Promise.all(
          nodes.map(async (node) => {
            const report = await this.#ask(record, { shard, node }, context);
            if (report !== undefined) return { ...report, reachable: true };
            const last = heard.find((each) => each.node === node && each.shard === shard);
            return last === undefined ? { node, reachable: false as const } : { ...last, reachable: false };
          }),
        ),
      })),
    );
    return { record, points: shards.reduce((total, shard) => total + pointsOf(shard), 0), shards };
  }

  /** The nodes that new replicas can be placed on; waits a little for so many. */
  async liveNodes(wanted: number, context: CallContext): Promise<readonly NodeId[]> {
    return this.#nodes.atLeast(wanted, context.deadline);
  }

  /** The nodes whose replica of a shard is up to date as far as it knows; the one that has applied the most first. */
  async following(record: CollectionRecord, shard: number, context: CallContext): Promise<readonly NodeId[]> {
    const nodes = record.placement[shard] ?? [];
    const reports = await Promise.all(nodes.map(async (node) => this.#ask(record, { shard, node }, context)));
    return reports
      .flatMap((report) => (report?.phase === 'following' ? [report] : []))
      .toSorted((a, b) => b.applied_sequence - a.applied_sequence)
      .map(({ node }) => node);
  }

  /** Returns when every replica has caught up with its log for the first time. */
  async whenFollowing(record: CollectionRecord, context: CallContext): Promise<void> {
    const replicas = record.placement.flatMap((nodes, shard) => nodes.map((node) => ({ shard, node })));
    await Promise.all(
      replicas.map(async (replica) => {
        let pauseMs = POLL_MS_FIRST;
        while ((await this.#ask(record, replica, context))?.phase !== 'following') {
          if (Date.now() >= context.deadline)
            throw new Failure('index_unavailable', `node ${replica.node} did not open its replica in time`);
          await sleep(pauseMs);
          pauseMs = Math.min(pauseMs * POLL_GROWTH, POLL_MS_MAX);
        }
      }),
    );
  }

  async #ask(record: CollectionRecord, replica: Replica, context: CallContext): Promise<ReplicaReport | undefined> {
    const deadline = Math.min(context.deadline, Date.now() + DESCRIBE_MS_MAX);
    const input = { uid: record.uid, shard: replica.shard };
    const call = this.#options.bus.call(shardDescribe, input, {
      context: { ...context, deadline },
      instance: replica.node,
    });
    return call.catch(absent);
  }

  async #heard(record: CollectionRecord, context: CallContext): Promise<readonly ReplicaReport[]> {
    const deadline = Math.min(context.deadline, Date.now() + DESCRIBE_MS_MAX);
    const call = this.#options.bus.call(describe, { uid: record.uid }, { context: { ...context, deadline } });
    return (await call.catch(absent))?.replicas ?? [];
  }
}

type Replica = { readonly shard: number; readonly node: NodeId };

/** Not answering, and not holding the replica yet, are states to show; a bug is not. */
function absent(cause: unknown): undefined {
  const failure = Failure.from(cause);
  if (failure.type === 'internal_error') throw failure;
  return undefined;
}

/** By the replica that has applied the most. */
function pointsOf(shard: ShardView): number {
  const reports = shard.replicas.filter((replica) => 'points' in replica);
  return reports.toSorted((a, b) => b.applied_sequence - a.applied_sequence)[0]?.points ?? 0;
}
