import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotStore } from '@vectorizer/cluster';
import { bytesOf, type CollectionRecord, type CollectionUid, type ShardSnapshot } from '@vectorizer/contracts';
import { installSnapshot, verifySnapshot } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';

/** Between looks for a snapshot that is needed and not there. */
const PAUSE_MS = 1_000;
/** After one that could not be fetched or was not what it should be: doubled each time, since it may be large. */
const PAUSE_MS_MAX = 60_000;

export type ReplicaPlace = {
  readonly uid: CollectionUid;
  readonly shard: number;
  /** Of the replica's files. */
  readonly directory: string;
  readonly config: Pick<CollectionRecord['config'], 'dimension' | 'metric'>;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
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

  /** Undefined when there is none and none is needed, and when told to stop. */
  async fetch(how: Fetching): Promise<Fetched | undefined> {
    // An earlier one that was told to stop still lets go of its files.
    await this.#fetching;
    const fetching = this.#fetch(how);
    this.#fetching = fetching.catch(() => undefined);
    return fetching;
  }

  /** Throws unless a replica without anything could be built from what the log and the shared snapshots hold. */
  async checkReach(): Promise<void> {
    const { log, snapshots, uid, shard } = this.#place;
    const { firstSequence } = await log.state(uid, shard);
    if (firstSequence <= 1) return;
    const newest = snapshots.newest(uid, shard);
    if (newest !== undefined && newest.sequence + 1 >= firstSequence) return;
    throw new Failure(
      'replica_diverged',
      `the log begins at ${firstSequence} and no shared snapshot reaches it: the replica is kept as it is`,
    );
  }

  async #fetch({ after, needed, signal }: Fetching): Promise<Fetched | undefined> {
    const { logger, snapshots, uid, shard } = this.#place;
    let said = '';
    let pause = PAUSE_MS;
    while (!signal.aborted) {
      try {
        const manifest = snapshots.newest(uid, shard);
        if (manifest !== undefined && manifest.sequence > after) return await this.#bring(manifest, signal);
        if (!needed) return undefined;
        if (said === '') logger.warn({ after }, 'the log no longer holds what is next; waiting for a shared snapshot');
        said ||= 'waiting';
      } catch (cause) {
        const failure = Failure.from(cause);
        if (signal.aborted) return undefined;
        if (said !== failure.message) logger.warn({ err: failure }, 'a shared snapshot could not be fetched');
        said = failure.message;
        if (failure.type === 'storage_error') pause = Math.min(pause * 2, PAUSE_MS_MAX);
        // Without the log server there is no log to follow either, but what is here can be read.
        if (!needed && failure.type === 'log_unavailable') return undefined;
      } finally {
        this.#progress = null;
      }
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
    return undefined;
  }

  async #bring(manifest: ShardSnapshot, signal: AbortSignal): Promise<Fetched> {
    const { snapshots, config, logger, directory } = this.#place;
    const start = performance.now();
    const total = bytesOf(manifest);
    logger.info({ sequence: manifest.sequence, bytes: total }, 'full sync: fetching a shared snapshot');
    const onProgress = (bytes: number): void => void (this.#progress = { bytes, total });
    try {
      await snapshots.fetch(manifest, this.#incoming, { signal, onProgress });
      await verifySnapshot(this.#incoming, { ...manifest, ...config });
    } catch (cause) {
      // What is not what it should be is fetched anew; what is only incomplete goes on.
      if (Failure.from(cause).type === 'storage_error') await rm(this.#incoming, { recursive: true, force: true });
      throw cause;
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
