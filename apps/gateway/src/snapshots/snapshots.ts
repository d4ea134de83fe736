import type { BackupRegistry, Catalog, SnapshotStore } from '@vectorizer/cluster';
import {
  limits,
  newUid,
  shardBackup,
  type Backup,
  type BackupId,
  type CallContext,
  type CollectionName,
  type CollectionRecord,
  type NodeId,
  type ShardSnapshot,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { Collections } from '../collections/collections.ts';
import { fresh, isDead, type Jobs, type Progress } from './jobs.ts';

const DESCRIBE_MS = 5_000;

export type SnapshotsParts = {
  readonly backups: BackupRegistry;
  readonly catalog: Catalog;
  readonly store: SnapshotStore;
  readonly collections: Collections;
  readonly jobs: Jobs;
  readonly logger: Logger;
};

type From = { readonly record: CollectionRecord; readonly context: CallContext };

/** Snapshots of whole collections: taken in the background, kept until they are removed, whatever becomes of the collection. */
export class Snapshots {
  readonly #parts: SnapshotsParts;

  constructor(parts: SnapshotsParts) {
    this.#parts = parts;
  }

  /** Those of a collection, which need not exist any more; newest first. */
  list(name: CollectionName): Backup[] {
    return this.#parts.backups.list().flatMap((backup) => (backup.collection === name ? [this.#asSeen(backup)] : []));
  }

  async get(name: CollectionName, id: BackupId): Promise<Backup> {
    const backup = await this.#parts.backups.find(id);
    if (backup?.collection === name) return this.#asSeen(backup);
    throw new Failure('not_found', `collection ${name} has no snapshot ${id}`, { details: { snapshot: id } });
  }

  checkRoom(name: CollectionName): void {
    if (this.list(name).length < limits.snapshotsMax) return;
    throw new Failure('overloaded', `a collection has at most ${limits.snapshotsMax} snapshots; remove some`);
  }

  /** Answers when it has begun. */
  async create(name: CollectionName, context: CallContext): Promise<Backup> {
    const { backups, collections, jobs } = this.#parts;
    const record = await collections.get(name);
    this.checkRoom(record.name);
    const now = new Date().toISOString();
    const backup: Backup = {
      v: 1,
      id: newUid(),
      collection: record.name,
      uid: record.uid,
      config: record.config,
      payload_indexes: record.payload_indexes,
      cache: record.cache,
      aliases: collections.aliases.of(record.uid).map(({ alias }) => alias),
      state: 'running',
      created_at: now,
      updated_at: now,
      shards: record.placement.map(() => null),
      moved_bytes: 0,
    };
    await jobs.run(async () => {
      await backups.add(backup);
      return async () => this.#take(backup, { record, context });
    });
    return backup;
  }

  /** Its files go too. One that is worked on is refused. */
  async remove(name: CollectionName, id: BackupId): Promise<Backup> {
    const backup = await this.get(name, id);
    if (backup.state === 'running' || backup.restore?.state === 'running') throw busy(id);
    await this.#parts.backups.remove(id);
    await this.#parts.store.dropAll(id);
    return backup;
  }

  async #take(backup: Backup, from: From): Promise<void> {
    const { backups, jobs, logger } = this.#parts;
    const { id } = backup;
    try {
      await jobs.whileAlive(id, moved, async (progress) => {
        for (const shard of backup.shards.keys()) {
          const stored = await this.#takeShard({ into: id, shard, progress }, from);
          progress.movedBytes = 0;
          await backups.update(id, (now) => moved({ ...now, shards: now.shards.with(shard, stored) }, 0));
        }
      });
      await backups.update(id, (now) => moved({ ...now, state: 'complete' }, 0));
    } catch (cause) {
      const { message } = Failure.from(cause);
      logger.error({ err: cause, snapshot: id, collection: backup.collection }, 'a snapshot has failed');
      await backups.update(id, (now) => moved({ ...now, state: 'failed', reason: message }, 0));
    }
  }

  /** Of whichever replica can give it. */
  async #takeShard(
    { into, shard, progress }: { readonly into: BackupId; readonly shard: number; readonly progress: Progress },
    { record, context }: From,
  ): Promise<ShardSnapshot> {
    const { jobs } = this.#parts;
    const nodes = await jobs.whenThere(async () => this.#following(record, shard, context));
    const failures: Failure[] = [];
    for (const node of nodes) {
      const input = { uid: record.uid, shard, into };
      const job = jobs.onNode(shardBackup, input, { node, context, progress });
      const stored = await job.catch((cause: unknown) => void failures.push(Failure.from(cause)));
      if (stored !== undefined) return stored;
    }
    throw failures[0] ?? new Failure('index_unavailable', `no replica of shard ${shard} can give a snapshot`);
  }

  async #following(record: CollectionRecord, shard: number, context: CallContext): Promise<readonly NodeId[]> {
    return this.#parts.collections.following(record, shard, fresh(context, DESCRIBE_MS));
  }

  /** What a job came to whose gateway died: a restore has made its collection with the catalog's record, not compared it. */
  #asSeen(backup: Backup): Backup {
    const { state, restore, id } = backup;
    const working = state === 'running' || restore?.state === 'running';
    if (!working || !isDead(this.#parts.backups, id)) return backup;
    const died = { state: 'failed', reason: 'the gateway that worked on it ended' } as const;
    const made = restore !== undefined && this.#parts.catalog.findByUid(restore.uid) !== undefined;
    return {
      ...backup,
      ...(state === 'running' ? died : {}),
      ...(restore?.state === 'running' ? { restore: { ...restore, ...(made ? NOT_VERIFIED : died) } } : {}),
    };
  }
}

const NOT_VERIFIED = {
  state: 'complete',
  verified: false,
  reason: 'the gateway that worked on it ended before the replicas were compared with what was stored',
} as const;

export function moved(backup: Backup, movedBytes: number): Backup {
  return { ...backup, moved_bytes: movedBytes, updated_at: new Date().toISOString() };
}

export function busy(id: BackupId): Failure {
  return new Failure('version_conflict', `snapshot ${id} is worked on`, { details: { snapshot: id } });
}
