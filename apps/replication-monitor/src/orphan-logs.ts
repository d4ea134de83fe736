import type { BackupRegistry, Catalog } from '@vectorizer/cluster';
import type { CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { FirstSeen } from './first-seen.ts';

/** A log must be without a collection for this long, at two looks, before the catalog is asked about it. */
const AGE_MS_MIN = 30_000;

type Parts = {
  readonly catalog: Catalog;
  readonly backups: BackupRegistry;
  readonly log: Log;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
};

/**
 * Removes the logs of dropped collections whose drop did not get that far. A collection's record is written before
 * its log is made, so a log that is listed, and then has no record at the catalog's leader, belongs to no collection.
 * A log that is older than the catalog says nothing of the kind: then it is the catalog that was lost. Those of a restore
 * that is under way are that one's: of the collection that it makes, and of the one whose place it takes.
 */
export class OrphanLogs {
  readonly #parts: Parts;
  readonly #strays = new FirstSeen<CollectionUid>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async sweep(): Promise<void> {
    const { catalog, backups, log, logger } = this.#parts;
    const suspects = this.#suspectsOf(await log.uids());
    if (suspects.length === 0) return;
    const [{ uids, since }, kept] = await Promise.all([catalog.refreshAll(), backups.refreshAll()]);
    for (const uid of suspects) {
      if (uids.has(uid) || kept.uids.has(uid)) continue;
      if (await this.#isOlderThan(since, uid)) {
        logger.error({ uid }, 'a log is older than the catalog and in no collection; it is kept');
        continue;
      }
      await log.dropStreams(uid);
      log.forget(uid);
      logger.warn({ uid }, 'removed the log of a dropped collection');
    }
  }

  #suspectsOf(logged: readonly CollectionUid[]): readonly CollectionUid[] {
    const { catalog, monotonicMs } = this.#parts;
    const strays = logged.filter((uid) => catalog.findByUid(uid) === undefined);
    return this.#strays.since(strays, { nowMs: monotonicMs(), ageMs: AGE_MS_MIN });
  }

  async #isOlderThan(since: string, uid: CollectionUid): Promise<boolean> {
    try {
      const { created } = await this.#parts.log.state(uid, 0);
      return Date.parse(created) < Date.parse(since);
    } catch (error) {
      // Its first shard is removed already: a drop that was cut short.
      if (Failure.from(error).type === 'collection_not_found') return false;
      throw error;
    }
  }
}
