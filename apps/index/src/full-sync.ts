import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotStore } from '@vectorizer/cluster';
import { bytesOf, type CollectionRecord, type CollectionUid, type ShardSnapshot } from '@vectorizer/contracts';
import { installSnapshot, verifySnapshot, type Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';

/** Between looks for a snapshot that is needed and not there. */
const PAUSE_MS = 1_000;
/** After one that could not be fetched or was not what it should be: doubled each time up to this, since it may be large. */
const PAUSE_MS_MAX = 60_000;

export type ReplicaPlace = {
  readonly uid: CollectionUid;
  readonly shard: number;
  /** Of the replica's files. */
  readonly directory: string;
  readonly config: Pick<CollectionRecord['config'], 'dimension' | 'metric'>;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly turns: Turns;
  readonly logger: Logger;
};

/** A snapshot that is here, whole, and found to be what its manifest says. */
export type Fetched = { readonly manifest: ShardSnapshot; install(): Promise<void> };

export type Fetching = {
  /** What the replica has applied: only a snapshot beyond is of use. */
  readonly after: number;
  /** Whether the log no longer holds what comes next: then it is waited for until there is one. */
  readonly needed: boolean;
  readonly signal: AbortSignal;
};

/** Gets a shared snapshot to take the place of a replica's state. A transfer that was cut short goes on, file by file. */
export class FullSync {
  readonly #place: ReplicaPlace;
  readonly #incoming: string;
  #progress: { readonly bytes: number; readonly total: number } | null = null;
  #completed = 0;
  #busy = false;
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(place: ReplicaPlace) {
    this.#place = place;
    this.#incoming = `${place.directory}.incoming`;
  }

  get progress(): { readonly bytes: number; readonly total: number } | null {
    return this.#progress;
  }

  /** Since this process started. */
  get completed(): number {
    return this.#completed;
  }

  /**
   * Undefined when there is none that is whole and none is needed, and when told to stop. Throws when this node cannot
   * store it.
   */
  async fetch(how: Fetching): Promise<Fetched | undefined> {
    // An earlier one that was told to stop still lets go of its files.
    await this.#fetching;
    this.#busy = true;
    const fetching = this.#fetch(how).finally(() => (this.#busy = false));
    this.#fetching = fetching.catch(() => undefined);
    return fetching;
  }

  /** Whether a transfer is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Whether the log alone makes a replica of nothing. Throws where a shared snapshot would have to come first, and none is
   * listed that the log goes on from.
   */
  async logSuffices(): Promise<boolean> {
    const { log, snapshots, uid, shard } = this.#place;
    const { firstSequence } = await log.state(uid, shard);
    if (firstSequence <= 1) return true;
    const newest = snapshots.newest(uid, shard);
    if (newest !== undefined && newest.sequence + 1 >= firstSequence) return false;
    throw new Failure(
      'replica_diverged',
      `the log begins at ${firstSequence} and no shared snapshot reaches it: the replica is kept as it is`,
    );
  }

  async #fetch({ after, needed, signal }: Fetching): Promise<Fetched | undefined> {
    const { logger } = this.#place;
    let said = '';
    for (let pause = PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
      try {
        const fetched = await this.#bringNewest(after, signal);
        if (fetched !== undefined || !needed) return fetched;
        if (said === '') logger.warn({ after }, 'the log no longer holds what is next; waiting for a shared snapshot');
        said ||= 'waiting';
        pause = PAUSE_MS;
      } catch (cause) {
        if (signal.aborted) return undefined;
        const failure = Failure.from(cause);
        // The log server is away, or what it stores is of no use. All else is this node's fault, and does not pass.
        if (failure.type !== 'log_unavailable' && !isUnusable(failure)) throw failure;
        if (said !== failure.message) logger.warn({ err: failure }, 'no shared snapshot could be fetched');
        said = failure.message;
        // The log may do, and what is here can be read.
        if (!needed) return undefined;
      } finally {
        this.#progress = null;
      }
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
    return undefined;
  }

  /** The newest that is what it should be. Throws what was wrong with the oldest when none is. */
  async #bringNewest(after: number, signal: AbortSignal): Promise<Fetched | undefined> {
    const { snapshots, uid, shard, logger } = this.#place;
    let damage: Failure | undefined;
    for (const manifest of snapshots.list(uid, shard)) {
      if (manifest.sequence <= after) break;
      try {
        return await this.#bring(manifest, signal);
      } catch (cause) {
        damage = Failure.from(cause);
        if (signal.aborted || !isUnusable(damage)) throw damage;
        logger.error({ sequence: manifest.sequence, err: damage }, 'a shared snapshot cannot be used');
      }
    }
    if (damage !== undefined) throw damage;
    return undefined;
  }

  async #bring(manifest: ShardSnapshot, signal: AbortSignal): Promise<Fetched> {
    const { snapshots, config, logger, directory, turns } = this.#place;
    const start = performance.now();
    const total = bytesOf(manifest);
    logger.info({ sequence: manifest.sequence, bytes: total }, 'full sync: fetching a shared snapshot');
    const onProgress = (bytes: number): void => void (this.#progress = { bytes, total });
    try {
      await snapshots.fetch(manifest, this.#incoming, { signal, onProgress });
      await verifySnapshot(this.#incoming, { ...manifest, ...config, turns });
    } catch (cause) {
      const failure = asFailure(cause);
      // What is only incomplete goes on. What is not what it should be is fetched anew; what has no room makes room.
      if (failure.type !== 'log_unavailable' && !signal.aborted) {
        await rm(this.#incoming, { recursive: true, force: true });
      }
      throw failure;
    }
    return {
      manifest,
      install: async () => {
        await installSnapshot(this.#incoming, directory);
        this.#completed += 1;
        const seconds = (performance.now() - start) / 1_000;
        logger.info({ sequence: manifest.sequence, points: manifest.points, seconds }, 'full sync: done');
      },
    };
  }
}

/** Of the local files it is the system's error that counts: it says whether the disk is full. */
function asFailure(cause: unknown): Failure {
  if (!(cause instanceof Error) || !('code' in cause) || cause instanceof Failure) return Failure.from(cause);
  const why = FULL.has(String(cause.code)) ? 'the disk is full' : cause.message;
  return new Failure('index_unavailable', `cannot store a shared snapshot: ${why}`, { cause });
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Damaged, removed meanwhile, or of a newer release. */
function isUnusable({ type }: Failure): boolean {
  return type === 'storage_error';
}
