import { bytesOf, type ShardSnapshot } from '@vectorizer/contracts';
import type { Shard } from '@vectorizer/engine';
import type { ReplicaPlace } from './full-sync.ts';
import { RetryPause } from './retry-pause.ts';
import { storeSnapshot } from './store-snapshot.ts';

export type SharingSettings = {
  /** When a log is larger than this, a shared snapshot is taken, and the log is cut behind an older one. */
  readonly logBytesMax: number;
  /** Entries that are younger stay in the log, whatever its size. */
  readonly logRetentionMs: number;
};

/** Complete ones that are kept: while one is fetched, another may be taken. */
const KEPT = 2;
/** Between two of them, at least. */
const INTERVAL_MS_MIN = 1_000;

/**
 * The shared snapshots of one shard, as its primary takes them. The log is cut only at the sequence of a snapshot that
 * is stored, and never behind one that has been removed, so snapshots and log together always reach from the
 * beginning to the end.
 */
export class SharedSnapshots {
  readonly #place: ReplicaPlace & SharingSettings;
  /** What could not be stored is written and sent anew as a whole. */
  readonly #pause = new RetryPause();
  #newest: { readonly sequence: number; readonly bytes: number } | null = null;

  constructor(place: ReplicaPlace & SharingSettings) {
    this.#place = place;
  }

  get newest(): { readonly sequence: number; readonly bytes: number } | null {
    return this.#newest;
  }

  async takeIfDue(shard: Shard, signal: AbortSignal): Promise<void> {
    const { log, snapshots, uid, shard: number, logBytesMax } = this.#place;
    const stored = snapshots.list(uid, number);
    this.#newest = figuresOf(stored[0]);
    if ((await log.state(uid, number)).bytes <= logBytesMax || signal.aborted) return;
    const isDue = this.#pause.over && this.#isDue(stored[0], shard.sequence);
    if (isDue) await this.#take(shard, signal);
    await this.#cutLog();
    // It looks through all that is stored of all collections: not for nothing.
    if (isDue || stored.length > KEPT) await snapshots.prune(uid, number, KEPT);
  }

  /** Another one lets the log be cut further, once its entries are old enough; until then it would be for nothing. */
  #isDue(newest: ShardSnapshot | undefined, applied: number): boolean {
    if (newest === undefined) return applied > 0;
    const intervalMs = Math.max(INTERVAL_MS_MIN, this.#place.logRetentionMs / KEPT);
    return newest.sequence < applied && Date.now() - Date.parse(newest.taken_at) >= intervalMs;
  }

  async #take(shard: Shard, signal: AbortSignal): Promise<void> {
    try {
      this.#newest = figuresOf(await storeSnapshot(shard, this.#place, { into: this.#place.uid, signal }));
      this.#pause.succeeded();
    } catch (cause) {
      if (!signal.aborted) this.#pause.failed();
      throw cause;
    }
  }

  async #cutLog(): Promise<void> {
    const { log, snapshots, uid, shard: number, logRetentionMs, logger } = this.#place;
    const oldest = snapshots.list(uid, number).slice(0, KEPT).at(-1);
    if (oldest === undefined) return;
    const retained = await log.lastSequenceBefore(uid, number, Date.now() - logRetentionMs);
    const upTo = Math.min(oldest.sequence, retained);
    const { firstSequence } = await log.state(uid, number);
    if (upTo >= firstSequence) {
      await log.cut(uid, number, upTo);
      logger.info({ up_to: upTo }, 'cut the log behind a shared snapshot');
    }
  }
}

function figuresOf(snapshot: ShardSnapshot | undefined): SharedSnapshots['newest'] {
  return snapshot === undefined ? null : { sequence: snapshot.sequence, bytes: bytesOf(snapshot) };
}
