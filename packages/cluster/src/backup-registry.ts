import type { NatsConnection } from '@nats-io/transport-node';
import { Backup, buckets, type BackupId } from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';
import { KvMirror } from './kv-mirror.ts';

/** The snapshots of collections that exist, also of those whose collection does not. */
export class BackupRegistry {
  readonly #mirror: KvMirror<Backup>;

  private constructor(mirror: KvMirror<Backup>) {
    this.#mirror = mirror;
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<BackupRegistry> {
    return new BackupRegistry(await KvMirror.open({ ...options, bucket: buckets.backups, schema: Backup }));
  }

  /** Newest first. */
  list(): Backup[] {
    return this.#mirror.values().toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  async find(id: BackupId): Promise<Backup | undefined> {
    return this.#mirror.get(id) ?? this.#mirror.refresh(id);
  }

  /** Durable when it returns, as are the others. */
  async add(backup: Backup): Promise<void> {
    await this.#mirror.put(backup.id, backup);
  }

  /** Undefined when it has been removed meanwhile. */
  async update(id: BackupId, change: (backup: Backup) => Backup): Promise<Backup | undefined> {
    return this.#mirror.update(id, change);
  }

  async remove(id: BackupId): Promise<Backup | undefined> {
    return this.#mirror.delete(id);
  }

  close(): void {
    this.#mirror.close();
  }
}
