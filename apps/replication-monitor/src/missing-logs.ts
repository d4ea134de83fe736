import type { Catalog, SnapshotStore } from '@vectorizer/cluster';
import type { CollectionRecord, CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { FirstSeen } from './first-seen.ts';
import type { KnownShard } from './replica-registry.ts';

/** A gateway that is at work makes a collection's logs within seconds of its record, or takes the record back. */
const AGE_MS_MIN = 10_000;

type Parts = {
  readonly catalog: Catalog;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
};

/**
 * Makes the logs of collections whose gateway died between the record and the log; without, they would exist and never
 * take a write. A log that was there and was lost is another matter: where a replica has applied something, or a snapshot
 * is stored, an empty log in its place would hide that.
 */
export class MissingLogs {
  readonly #parts: Parts;
  readonly #unseen = new FirstSeen<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async make(shards: readonly KnownShard[]): Promise<void> {
    const { catalog, log, logger, monotonicMs } = this.#parts;
    const unseen = new Map(
      shards.flatMap((shard) => (shard.log === undefined ? [[keyOf(shard), shard] as const] : [])),
    );
    const suspects = this.#unseen.since(unseen.keys(), { nowMs: monotonicMs(), ageMs: AGE_MS_MIN });
    const found = new Map<CollectionUid, CollectionRecord>();
    for (const { record } of suspects.flatMap((key) => unseen.get(key) ?? [])) {
      const own = [...unseen.values()].filter((shard) => shard.record.uid === record.uid);
      if (own.every((shard) => this.#isNew(shard)) && (await this.#lacksOne(own))) found.set(record.uid, record);
    }
    if (found.size === 0) return;
    const { uids } = await catalog.refreshAll();
    for (const { uid, name, config } of found.values()) {
      if (!uids.has(uid)) continue;
      await log.ensureStreams(uid, config.shards);
      logger.warn({ uid, collection: name }, 'made the logs of a collection whose creation had ended half-way');
    }
  }

  /** One of its replicas says that it has applied nothing, and none says otherwise. */
  #isNew({ record, shard, replicas }: KnownShard): boolean {
    const applied = replicas.flatMap(({ heard }) => (heard === undefined ? [] : [heard.report.applied_sequence]));
    const stored = this.#parts.snapshots.list(record.uid, shard);
    return applied.length > 0 && applied.every((sequence) => sequence === 0) && stored.length === 0;
  }

  async #lacksOne(shards: readonly KnownShard[]): Promise<boolean> {
    for (const { record, shard } of shards) {
      try {
        await this.#parts.log.state(record.uid, shard);
      } catch (cause) {
        // A log that cannot be reached may be there.
        if (Failure.from(cause).type !== 'collection_not_found') throw cause;
        return true;
      }
    }
    return false;
  }
}

function keyOf({ record, shard }: KnownShard): string {
  return `${record.uid} ${shard}`;
}
