import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { Backup, buckets, ForeignBackup, type BackupId, type CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { KvMirror } from './kv-mirror.ts';

/** A job that has not changed for so long is certainly not worked on any more. */
const ALIVE_MS_MAX = 60_000;

const Stored = z.union([Backup, ForeignBackup]);
type Stored = z.infer<typeof Stored>;

/** The snapshots of collections that exist, also of those whose collection does not. */
export class BackupRegistry {
  readonly #mirror: KvMirror<Stored>;
  /** When this process last heard of a change, by a clock that nobody sets. */
  readonly #heardAtMs = new Map<string, number>();

  private constructor(mirror: KvMirror<Stored>) {
    this.#mirror = mirror;
    const now = performance.now();
    for (const { id } of mirror.values()) this.#heardAtMs.set(id, now);
    mirror.onChange(({ key, after }) => {
      if (after === undefined) this.#heardAtMs.delete(key);
      else this.#heardAtMs.set(key, performance.now());
    });
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<BackupRegistry> {
    return new BackupRegistry(await KvMirror.open({ ...options, bucket: buckets.backups, schema: Stored }));
  }

  /** Newest first. Those of another version are left out. */
  list(): Backup[] {
    return this.#mirror
      .values()
      .filter(isReadable)
      .toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  /** Throws `version_conflict` for one that another version made. */
  async find(id: BackupId): Promise<Backup | undefined> {
    return readable(this.#mirror.get(id) ?? (await this.#mirror.refresh(id)));
  }

  /**
   * How long the newest change is ago, as far as this process knows: one that is running and has not changed for long was left
   * by a process that died. Of the times that a record names only its writer's clock knows.
   */
  unchangedMs(id: BackupId): number {
    return performance.now() - (this.#heardAtMs.get(id) ?? performance.now());
  }

  /**
   * All uids that the registry's leader holds now, of backups and of the collections that restores under way make and
   * replace, and since when there is a registry.
   */
  async refreshAll(): Promise<{ readonly uids: ReadonlySet<CollectionUid>; readonly since: string }> {
    const { values, since } = await this.#mirror.refreshAll();
    const uids = values.flatMap((stored) => {
      const restore = isReadable(stored) ? stored.restore : undefined;
      const restoring = restore?.state === 'running' && this.unchangedMs(stored.id) < ALIVE_MS_MAX;
      if (!restoring) return [stored.id];
      return [stored.id, restore.uid, ...(restore.replaces === undefined ? [] : [restore.replaces])];
    });
    return { uids: new Set(uids), since };
  }

  /** Durable when it returns, as are the others. */
  async add(backup: Backup): Promise<void> {
    await this.#mirror.put(backup.id, backup);
  }

  /** Undefined when it has been removed meanwhile. */
  async update(id: BackupId, change: (backup: Backup) => Backup): Promise<Backup | undefined> {
    return readable(
      await this.#mirror.update(id, (stored) => {
        const backup = readable(stored);
        return backup === undefined ? stored : change(backup);
      }),
    );
  }

  /** Whether its job is under way: what is stored of it by now is nobody's leftover. */
  isWorkedOn(id: BackupId): boolean {
    const stored = this.#mirror.get(id);
    return (
      stored !== undefined && isReadable(stored) && stored.state === 'running' && this.unchangedMs(id) < ALIVE_MS_MAX
    );
  }

  async remove(id: BackupId): Promise<void> {
    await this.#mirror.delete(id);
  }

  /** As of every mirror: what old deletions have left goes. */
  async purgeDeleted(): Promise<number> {
    return this.#mirror.purgeDeleted();
  }

  close(): void {
    this.#mirror.close();
  }
}

function isReadable(stored: Stored): stored is Backup {
  return stored.v === 1;
}

function readable(stored: Stored | undefined): Backup | undefined {
  if (stored === undefined || isReadable(stored)) return stored;
  throw unreadableBackup(stored);
}

export function unreadableBackup({ id, v }: ForeignBackup): Failure {
  return new Failure('version_conflict', `snapshot ${id} is of format ${v}; this version reads format 1`, {
    details: { snapshot: id, format: v, readable: [1] },
  });
}
