import type { BackupRegistry, Catalog, SnapshotStore, Unfinished } from '@vectorizer/cluster';
import type { CollectionUid } from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';
import { FirstSeen } from './first-seen.ts';

/** What belongs to nothing, or has not grown, for this long at every look is nobody's. */
const AGE_MS_MIN = 600_000;

type Parts = {
  readonly catalog: Catalog;
  readonly backups: BackupRegistry;
  readonly snapshots: SnapshotStore;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
};

/**
 * Removes what is stored of snapshots that belong to no collection, no backup and no restore that is under way, and what
 * uploads left that ended half-way. What is older than the catalog or the registry of backups is kept: then it is those that
 * were lost.
 */
export class OrphanSnapshots {
  readonly #parts: Parts;
  readonly #strays = new FirstSeen<CollectionUid>();
  readonly #unfinished = new FirstSeen<string>();
  readonly #uploads = new UploadsSeen();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async sweep(): Promise<void> {
    await this.#sweepStrays();
    await this.#sweepUnfinished();
  }

  async #sweepStrays(): Promise<void> {
    const { catalog, backups, snapshots, logger, monotonicMs } = this.#parts;
    const stored = await snapshots.stored();
    const used = new Set<string>(backups.list().map(({ id }) => id));
    const strays = [...stored.keys()].filter((uid) => !used.has(uid) && catalog.findByUid(uid) === undefined);
    const suspects = this.#strays.since(strays, { nowMs: monotonicMs(), ageMs: AGE_MS_MIN });
    if (suspects.length === 0) return;
    const [collections, kept] = await Promise.all([catalog.refreshAll(), backups.refreshAll()]);
    const since = Math.max(Date.parse(collections.since), Date.parse(kept.since));
    for (const uid of suspects) {
      if (collections.uids.has(uid) || kept.uids.has(uid)) continue;
      if (Date.parse(stored.get(uid) ?? '') < since) {
        logger.error({ uid }, 'a snapshot is older than the catalog and in no collection; it is kept');
        continue;
      }
      await snapshots.dropAll(uid);
      logger.warn({ uid }, 'removed the snapshots of what does not exist any more');
    }
  }

  async #sweepUnfinished(): Promise<void> {
    const { backups, snapshots, logger, monotonicMs } = this.#parts;
    const all = await snapshots.unfinished();
    const left = all.filter(({ uid }) => uid === undefined || !backups.isWorkedOn(uid));
    const age = this.#uploads.look(all);
    // Of parts nobody knows to which file they belong, so a file is left only once nothing has been uploaded for so long.
    const found = new Map(
      left.map((each) => [`${each.name} ${each.size}${each.uid === undefined ? '' : ` ${age}`}`, each]),
    );
    for (const key of this.#unfinished.since(found.keys(), { nowMs: monotonicMs(), ageMs: AGE_MS_MIN })) {
      const { name, remove } = found.get(key) ?? {};
      await remove?.();
      logger.warn({ name }, 'removed what an upload that was not completed had left');
    }
  }
}

/**
 * The files of a snapshot are stored one after the other, and all wait for the last one, which may take longer than anything is
 * left alone. It grows meanwhile, part by part.
 */
class UploadsSeen {
  #last = '';
  #ages = 0;

  /** Answers the same for as long as nothing was uploaded between two looks. */
  look(unfinished: readonly Pick<Unfinished, 'name' | 'size'>[]): number {
    const now = unfinished
      .map(({ name, size }) => `${name} ${size}`)
      .toSorted()
      .join();
    if (now !== this.#last) this.#ages += 1;
    this.#last = now;
    return this.#ages;
  }
}
