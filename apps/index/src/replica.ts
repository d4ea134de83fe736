import assert from 'node:assert/strict';
import {
  type CollectionRecord,
  type CollectionUid,
  type ReplicaReport,
  type Resync,
  type ShardSnapshot,
  type StoppedBy,
} from '@vectorizer/contracts';
import type { Shard } from '@vectorizer/engine';
import type { Claim } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import { outsideRequests, type Logger } from '@vectorizer/telemetry';
import { noteCaughtUp } from './caught-up.ts';
import { followLog } from './follow-log.ts';
import { FullSync, type ReplicaPlace } from './full-sync.ts';
import type { JobTools } from './long-jobs.ts';
import { NOTHING } from './nothing-applied.ts';
import { OpenState } from './open-state.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { ReadGate, type Demand } from './read-gate.ts';
import { SharedSnapshots } from './shared-snapshots.ts';
import { ResyncNote } from './resync-note.ts';
import { noteStop, removeState, stopNoted, type StopNote } from './stop-note.ts';
import { reasonOf, stoppedBy } from './stop-reasons.ts';
import { storeSnapshot } from './store-snapshot.ts';

/**
 * One replica: reads its log, applies it to its shard and lets reads in.
 *
 * - A log that cannot be reached stops the applying, not the reads of what is applied.
 * - A log that no longer holds the next entry is caught up with by a full sync: a shared snapshot takes the state's place.
 * - A replica that stopped (`diverged`: its log is another one, or its state is not as it was written; `failed`: this
 *   node cannot go on) refuses reads, so that another replica is asked, and touches nothing until it is rebuilt. What no
 *   look at the log would tell the next process is noted for it.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #logger: Logger;
  readonly #place: ReplicaPlace;
  readonly #fullSync: FullSync;
  readonly #sharing: SharedSnapshots;
  readonly #closed = new AbortController();
  #open: OpenState | undefined;
  #gate: ReadGate;
  #claim: Claim | undefined;
  #phase: ReplicaReport['phase'] = 'syncing';
  #stopped: { readonly failure: Failure; readonly by: StoppedBy } | undefined;
  #payloadIndexes: CollectionRecord['payload_indexes'];
  #verifiedAt: string | null = null;
  #noting: Promise<void> = Promise.resolve();
  #opening: Promise<void> | undefined;
  readonly #resync = new ResyncNote();
  /** Opening, replacing and closing the shard take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReplicaOptions) {
    const { record, shard, directory, log, snapshots, turns } = options;
    this.#options = options;
    this.#payloadIndexes = record.payload_indexes;
    this.#logger = options.logger.child({ collection: record.name, uid: record.uid, shard });
    this.#gate = new ReadGate(shard);
    const place = {
      uid: record.uid,
      shard,
      directory,
      config: record.config,
      log,
      snapshots,
      turns,
      logger: this.#logger,
    };
    this.#place = place;
    this.#fullSync = new FullSync(place);
    this.#sharing = new SharedSnapshots({ ...place, ...options.sharing });
  }

  /** Returns when the shard is open, or has turned out to be damaged; following the log goes on by itself. */
  open(): Promise<void> {
    this.#opening ??= this.#inTurn(async () => this.#enter());
    return this.#opening;
  }

  /** The collection has a record that says something else: its payload indexes are what may change. */
  change({ payload_indexes: indexes }: CollectionRecord): void {
    this.#payloadIndexes = indexes;
    this.#open?.shard.declarePayloadIndexes(indexes);
  }

  report(): ReplicaReport {
    const { node, record, shard } = this.#options;
    return {
      node,
      uid: record.uid,
      shard,
      phase: this.#phase,
      ...(this.#stopped && { reason: this.#stopped.failure.message, stopped_by: this.#stopped.by }),
      ...(this.#open?.shard.report() ?? NOTHING),
      shown: this.#open?.shown === true,
      primary: this.#claim?.held === true,
      checkpoints: [...(this.#open?.checkpoints ?? [])],
      verified_at: this.#verifiedAt,
      full_sync: this.#fullSync.progress,
      full_syncs: this.#fullSync.completed,
      ...(this.#resync.newest && { resync: this.#resync.newest }),
      snapshot: this.#sharing.newest,
    };
  }

  /** Runs a read once the replica is as far as demanded; closing waits for it. */
  async read<T>(demand: Demand, task: (shard: Shard) => T | Promise<T>): Promise<T> {
    return this.#gate.read(demand, () => {
      assert(this.#open, 'a replica that lets reads in is open');
      return task(this.#open.shard);
    });
  }

  /** Reads all that is stored again. A state that is not as it was written stops the replica. */
  async verify(withinMs: number): Promise<void> {
    if (this.#phase !== 'following') return;
    await this.#useShard(async (shard, signal) => {
      const { at } = await shard.verify({ signal, withinMs });
      this.#verifiedAt = at;
    });
  }

  /** Of the replicas of a shard one takes the shared snapshots, when the log has grown. */
  async shareIfDue(): Promise<void> {
    if (this.#claim?.held !== true) return;
    await this.#useShard(async (shard, signal) => this.#sharing.takeIfDue(shard, signal));
  }

  /** Stores a snapshot of the state as it is now under another name. */
  async backUp(into: CollectionUid, { signal, onProgress }: JobTools): Promise<ShardSnapshot> {
    return this.#useShard(async (shard, ending) =>
      storeSnapshot(shard, this.#options, { into, onProgress, signal: AbortSignal.any([signal, ending]) }),
    );
  }

  /**
   * Throws away what this replica has and builds it anew; answers when that has begun, with the id under which the
   * report tells how far it is. Refused where neither the log nor
   * a shared snapshot reaches back far enough: then what it has may be all that there is. For the same reason it is kept
   * until the snapshot that it needs is here and found to be whole.
   */
  async rebuild(): Promise<Resync['id']> {
    const logSuffices = await this.#fullSync.logSuffices();
    if (this.#resync.running !== undefined) return this.#resync.running;
    const id = this.#resync.begin();
    if (logSuffices) await this.#rebuildWith(() => Promise.resolve());
    else if (!this.#fullSync.busy || this.#stopped !== undefined) void this.#rebuildFromSnapshot();
    // What is fetched now takes the place of what there is, which has fallen behind the log.
    else this.#resync.replaced();
    return id;
  }

  /**
   * Others have found that this replica is not what it should be: it answers and applies nothing until it is rebuilt. Of one that
   * is being replaced they mean the former state.
   */
  quarantine(reason: string, by: 'log' | 'state'): void {
    if (this.#open === undefined || this.#open.ended) return;
    this.#stop(new Failure('replica_diverged', reason), by, { lasts: true });
  }

  /** Finishes the entry and the reads in hand, and flushes; reads get `reason`. */
  async close(reason: Failure): Promise<void> {
    this.#closed.abort();
    void this.#open?.end();
    this.#gate.end(reason);
    await this.#inTurn(async () => this.#leave(reason));
  }

  async #enter(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const { node, record, gpu } = this.#options;
    let noted: StopNote | undefined;
    let open: OpenState;
    try {
      noted = await stopNoted(this.#place);
      open = await OpenState.open({
        place: this.#place,
        node,
        record,
        gpu,
        gate: this.#gate,
        payloadIndexes: () => this.#payloadIndexes,
        signal: this.#closed.signal,
        onFailure: (failure, ending) => void this.#fail(failure, ending),
        onShown: (sequence) => this.#options.onApplied({ uid: record.uid, shard: this.#options.shard, sequence }),
      });
    } catch (cause) {
      this.#stop(Failure.from(cause));
      return;
    }
    this.#open = open;
    if (noted !== undefined) {
      this.#stop(new Failure('replica_diverged', noted.reason), noted.by, { lasts: false });
      return;
    }
    open.start();
    // Also when a request has had the replica built anew: it follows for good.
    outsideRequests(() => void this.#live(open));
  }

  /** No more is applied and nobody reads; then the shard is closed. */
  async #leave(reason: Failure): Promise<void> {
    const [open, gate] = [this.#open, this.#gate];
    // Not the reader of the log, which may be waiting for a server that is away: it ends by itself and applies no more.
    const ended = open?.end();
    this.#gate = new ReadGate(this.#options.shard);
    if (this.#closed.signal.aborted) this.#gate.end(reason);
    this.#giveUpClaim();
    await ended;
    await this.#noting;
    await gate.close(reason);
    this.#open = undefined;
    await open?.close();
  }

  /** From the opening of the shard until it is closed, or the replica has stopped for good. */
  async #live(open: OpenState): Promise<void> {
    const { record, shard, log } = this.#options;
    const { signal } = open;
    try {
      if (open.shard.sequence === 0 && (await this.#syncFully(open, { needed: false }))) return;
      const end = await followLog(open.shard, {
        uid: record.uid,
        shard,
        log,
        logger: this.#logger,
        signal,
        apply: async (message, clockAheadMs) => open.apply(message, clockAheadMs),
        onCaughtUp: () => this.#caughtUp(open),
      });
      if (end === 'left_behind') await this.#syncFully(open, { needed: true });
    } catch (cause) {
      if (open.ended) return;
      await this.#fail(Failure.from(cause), signal);
    }
  }

  /** Whether a shared snapshot took the place of this state. Where none is needed, there need be none. */
  async #syncFully(open: OpenState, { needed }: { readonly needed: boolean }): Promise<boolean> {
    const { signal } = open;
    if (open.ended) return false;
    this.#become('syncing');
    const fetched = await this.#fullSync.fetch({ after: open.shard.sequence, needed, signal });
    if (fetched === undefined || open.ended) return false;
    await this.#inTurn(async () => {
      if (!open.ended) await this.#replace(async () => fetched.install());
    });
    return true;
  }

  async #rebuildFromSnapshot(): Promise<void> {
    try {
      const fetched = await this.#fullSync.fetch({ after: 0, needed: false, signal: this.#closed.signal });
      if (fetched !== undefined) await this.#rebuildWith(async () => fetched.install());
      else this.#endResync('no shared snapshot could be fetched: the replica is kept as it is');
    } catch (cause) {
      this.#endResync(`the replica is kept as it is: ${Failure.from(cause).message}`);
      this.#logger.error({ err: cause }, 'the replica cannot be built anew: it is kept as it is');
    }
  }

  async #rebuildWith(put: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#closed.signal.aborted) return;
      this.#logger.warn({ reason: this.#stopped?.failure.message }, 'building the replica anew');
      this.#verifiedAt = null;
      await this.#replace(put);
    });
  }

  #endResync(reason: string): void {
    this.#resync.failed(reason);
    this.#options.onPhase();
  }

  /** Closes the shard, removes its state and opens what `put` makes of its directory. What cannot be put there stops the replica. */
  async #replace(put: () => Promise<void>): Promise<void> {
    try {
      await this.#leave(new Failure('index_unavailable', 'another state takes the place of the replica'));
      // Only now nothing looks at the former state any more, whose faults are not the next one's.
      this.#stopped = undefined;
      this.#resync.replaced();
      this.#become('syncing');
      await removeState(this.#options.directory);
      await put();
    } catch (cause) {
      this.#stopped = undefined;
      if (!this.#closed.signal.aborted) this.#stop(Failure.from(cause));
      return;
    }
    await this.#enter();
  }

  /** With the last entry of a state that is being left nothing begins any more, neither reads nor a claim. */
  #caughtUp(open: OpenState): void {
    if (open.ended) return;
    if (open.caughtUp()) this.#note(async () => noteCaughtUp(open.shard, this.#place));
    this.#resync.caughtUp();
    this.#become('following');
  }

  /** One at a time, and none about a state that another has taken the place of. */
  #note(write: () => Promise<void>): void {
    this.#noting = this.#noting.then(write);
  }

  #become(phase: 'syncing' | 'following'): void {
    if (this.#phase === phase || this.#stopped !== undefined) return;
    this.#phase = phase;
    const { claims, record, shard, onPhase } = this.#options;
    if (phase === 'following') this.#claim ??= claims.hold(`${record.uid}.${shard}`, onPhase);
    else this.#giveUpClaim();
    onPhase();
  }

  #giveUpClaim(): void {
    this.#claim?.close();
    this.#claim = undefined;
  }

  /** What was not foreseen may come of what is stored, so that is read again: damage explains it, and can be mended. */
  async #fail(failure: Failure, ending: AbortSignal): Promise<void> {
    if (failure.type === 'internal_error') {
      await this.#useShard(async (shard, signal) => shard.verify({ signal })).catch(() => undefined);
    }
    // What happens to a state that is being left is not the next one's fault.
    if (!ending.aborted) this.#stop(failure);
  }

  /** Until it is rebuilt: one line in the log, and every read is refused with the reason. `lasts`: beyond this process. */
  #stop(cause: Failure, by: StoppedBy = stoppedBy(cause), { lasts } = { lasts: by === 'state' }): void {
    if (this.#stopped !== undefined) return;
    const phase = by === 'node' ? 'failed' : 'diverged';
    const type = phase === 'diverged' ? 'replica_diverged' : 'storage_error';
    const failure = new Failure(type, reasonOf(cause), { cause });
    this.#stopped = { failure, by };
    this.#resync.stopped(failure.message);
    this.#phase = phase;
    void this.#open?.end();
    this.#gate.end(failure);
    this.#giveUpClaim();
    if (lasts) this.#note(async () => noteStop({ by, reason: failure.message }, this.#place));
    this.#logger.error({ reason: failure.message, err: cause.cause ?? cause }, `the replica has ${phase}`);
    this.#options.onPhase();
  }

  /** Work on the shard that closing aborts and waits for. A fault of what is stored stops the replica. */
  async #useShard<T>(work: (shard: Shard, signal: AbortSignal) => Promise<T>): Promise<T> {
    const open = this.#open;
    if (open === undefined || open.ended) {
      throw this.#stopped?.failure ?? new Failure('index_unavailable', 'the replica is not open');
    }
    try {
      return await open.use(work);
    } catch (cause) {
      const failure = Failure.from(cause);
      if (stoppedBy(failure) === 'state' && !open.ended) this.#stop(failure);
      throw failure;
    }
  }

  async #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}
