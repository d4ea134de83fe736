import type { BackupRegistry, SnapshotStore } from '@vectorizer/cluster';
import { CollectionUid, newUid, shardBackup, type Backup, type BackupId, type Bus } from '@vectorizer/contracts';
import type { CallContext, CollectionName, CollectionRecord, NodeId, ShardSnapshot } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { Collections } from '../collections/collections.ts';

/** One shard's snapshot is written, stored and verified in this time, or the whole has failed. */
export const SHARD_MS_MAX = 600_000;
/** A running job says so this often, and counts as dead after several silences. */
const ALIVE_MS = 2_000;
const DEAD_MS = 15_000;
/** Snapshots and restores under way in this gateway. */
const JOBS_MAX = 4;
/** Of one collection. */
const PER_COLLECTION_MAX = 100;

export type SnapshotsParts = {
  readonly bus: Bus;
  readonly backups: BackupRegistry;
  readonly store: SnapshotStore;
  readonly collections: Collections;
  readonly logger: Logger;
};

/** Snapshots of whole collections: taken in the background, kept until they are removed, whatever becomes of the collection. */
export class Snapshots {
  readonly #parts: SnapshotsParts;
  #jobs = 0;

  constructor(parts: SnapshotsParts) {
    this.#parts = parts;
  }

  /** Those of a collection, which need not exist any more; newest first. */
  list(name: CollectionName): Backup[] {
    return this.#parts.backups.list().flatMap((backup) => (backup.collection === name ? [asSeen(backup)] : []));
  }

  async get(name: CollectionName, id: BackupId): Promise<Backup> {
    const backup = await this.#parts.backups.find(id);
    if (backup?.collection === name) return asSeen(backup);
    throw new Failure('not_found', `collection ${name} has no snapshot ${id}`, { details: { snapshot: id } });
  }

  /** Answers when it has begun. */
  async create(name: CollectionName, context: CallContext): Promise<Backup> {
    const record = await this.#parts.collections.get(name);
    if (this.list(name).length >= PER_COLLECTION_MAX) {
      throw new Failure('overloaded', `a collection has at most ${PER_COLLECTION_MAX} snapshots; remove some`);
    }
    const now = new Date().toISOString();
    const backup: Backup = {
      v: 1,
      id: newUid(),
      collection: name,
      uid: record.uid,
      config: record.config,
      payload_indexes: record.payload_indexes,
      state: 'running',
      created_at: now,
      updated_at: now,
      shards: record.placement.map(() => null),
    };
    await this.run(async () => {
      await this.#parts.backups.add(backup);
      return async () => this.#take(backup, { record, context });
    });
    return backup;
  }

  /** Its files go too. One that is worked on is refused. */
  async remove(name: CollectionName, id: BackupId): Promise<Backup> {
    const backup = await this.get(name, id);
    if (backup.state === 'running' || backup.restore?.state === 'running') throw busy(id);
    await this.#parts.backups.remove(id);
    await this.#parts.store.dropAll(CollectionUid.parse(id));
    return backup;
  }

  /** Runs a job in the background, of a bounded number. `begin` comes first: what it throws is the caller's. */
  async run(begin: () => Promise<() => Promise<void>>): Promise<void> {
    if (this.#jobs >= JOBS_MAX) throw new Failure('overloaded', 'too many snapshots and restores are under way');
    this.#jobs += 1;
    try {
      const rest = await begin();
      void rest()
        .catch((error: unknown) => this.#parts.logger.error({ err: error }, 'what became of a job cannot be said'))
        .finally(() => (this.#jobs -= 1));
    } catch (cause) {
      this.#jobs -= 1;
      throw cause;
    }
  }

  /** Says again and again that the job lives, until it ends. */
  async whileAlive<T>(id: BackupId, mark: (backup: Backup) => Backup, work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      this.#parts.backups.update(id, mark).catch((error: unknown) => {
        this.#parts.logger.warn({ err: error, snapshot: id }, 'cannot say that a snapshot is worked on');
      });
    }, ALIVE_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  async #take(
    backup: Backup,
    from: { readonly record: CollectionRecord; readonly context: CallContext },
  ): Promise<void> {
    const { backups, logger } = this.#parts;
    const { id } = backup;
    try {
      await this.whileAlive(id, touched, async () => {
        for (const shard of backup.shards.keys()) {
          const stored = await this.#takeShard(id, shard, from);
          await backups.update(id, (now) => touched({ ...now, shards: now.shards.with(shard, stored) }));
        }
      });
      await backups.update(id, (now) => touched({ ...now, state: 'complete' }));
    } catch (cause) {
      const { message } = Failure.from(cause);
      logger.error({ err: cause, snapshot: id, collection: backup.collection }, 'a snapshot has failed');
      await backups.update(id, (now) => touched({ ...now, state: 'failed', reason: message }));
    }
  }

  /** Of whichever replica can give it. */
  async #takeShard(
    into: BackupId,
    shard: number,
    { record, context }: { readonly record: CollectionRecord; readonly context: CallContext },
  ): Promise<ShardSnapshot> {
    const { bus, collections } = this.#parts;
    const nodes = await collections.following(record, shard, context);
    const failures: Failure[] = [];
    for (const node of nodes) {
      const call = bus.call(shardBackup, { uid: record.uid, shard, into }, longCall(context, node));
      const stored = await call.catch((cause: unknown) => void failures.push(Failure.from(cause)));
      if (stored !== undefined) return stored;
    }
    throw failures[0] ?? new Failure('index_unavailable', `no replica of shard ${shard} can give a snapshot`);
  }
}

export function longCall(context: CallContext, instance: NodeId): { context: CallContext; instance: NodeId } {
  return { context: { ...context, deadline: Date.now() + SHARD_MS_MAX }, instance };
}

export function touched(backup: Backup): Backup {
  return { ...backup, updated_at: new Date().toISOString() };
}

export function busy(id: BackupId): Failure {
  return new Failure('version_conflict', `snapshot ${id} is worked on`, { details: { snapshot: id } });
}

/** A job that no longer says that it lives has died with its gateway. */
function asSeen(backup: Backup): Backup {
  const { state, restore } = backup;
  const died = { state: 'failed', reason: 'the gateway that worked on it ended' } as const;
  return {
    ...backup,
    ...(state === 'running' && isStale(backup.updated_at) ? died : {}),
    ...(restore?.state === 'running' && isStale(restore.updated_at) ? { restore: { ...restore, ...died } } : {}),
  };
}

function isStale(at: string): boolean {
  return Date.now() - Date.parse(at) > DEAD_MS;
}
