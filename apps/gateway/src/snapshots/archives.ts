import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { SnapshotStore } from '@vectorizer/cluster';
import type { Backup, ShardSnapshot } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { pack, type Pack } from 'tar-stream';

/** Comes first, so that who takes an archive knows what is to follow. */
export const MANIFEST = 'manifest.json';

/** Snapshots as tar archives, streamed from the store: nothing is held in memory but a few parts of one file. */
export class Archives {
  readonly #store: SnapshotStore;
  readonly #logger: Logger;

  constructor(store: SnapshotStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** `manifest.json`, then `<shard>/<path>` for each file. Throws at once when the snapshot is not complete. */
  of(backup: Backup): Readable {
    const shards = backup.shards.filter((shard) => shard !== null);
    if (backup.state !== 'complete' || shards.length < backup.shards.length) {
      throw new Failure('version_conflict', `snapshot ${backup.id} is not complete`);
    }
    const archive = pack();
    this.#write(archive, backup, shards).catch((error: unknown) => {
      // The answer has begun: all that can be done is to end it early, so that its reader sees an incomplete archive.
      this.#logger.error({ err: error, snapshot: backup.id }, 'a download of a snapshot broke off');
      archive.destroy(Failure.from(error));
    });
    return Readable.from(archive);
  }

  async #write(archive: Pack, backup: Backup, shards: readonly ShardSnapshot[]): Promise<void> {
    const { restore: _restore, moved_bytes: _movedBytes, ...manifest } = backup;
    archive.entry({ name: MANIFEST }, `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const shard of shards) {
      for (const file of shard.files) {
        const entry = archive.entry({ name: `${shard.shard}/${file.path}`, size: file.bytes });
        await pipeline(Readable.from(this.#store.read(shard, file)), entry);
      }
    }
    archive.finalize();
  }
}
