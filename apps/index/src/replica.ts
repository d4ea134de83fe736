import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectionRecord, NodeId, ReplicaReport } from '@vectorizer/contracts';
import { CHAIN_START, Shard, type Gpu, type ShardReport } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log, LogMessage } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { AppliedSequence } from './applied-sequence.ts';
import { findLog } from './find-log.ts';
import { entryApplied } from './index-metrics.ts';

/** After reading the log failed for a reason that has to be looked into. */
const DOUBT_MS = 100;

export type ReplicaOptions = {
  readonly node: NodeId;
  readonly record: CollectionRecord;
  readonly shard: number;
  readonly directory: string;
  readonly log: Log;
  readonly gpu: Gpu;
  readonly logger: Logger;
  /** Told when the phase has changed. */
  readonly onPhase: () => void;
};

/** What a read asks of the replica: at least this sequence, by this time (epoch milliseconds). */
export type Demand = { readonly sequence: number; readonly deadline: number };

/**
 * One replica: reads its log, applies it to its shard and lets reads in. A log that cannot be reached stops the
 * applying, not the reads of what is applied. A replica that stopped for good (`diverged`: its log is another one;
 * `failed`: this node cannot go on) refuses reads, so that another replica is asked, and touches nothing.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #logger: Logger;
  readonly #applied: AppliedSequence;
  readonly #stopping = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #phase: ReplicaReport['phase'] = 'syncing';
  #failure: Failure | undefined;
  #shard: Shard | undefined;
  #payloadIndexes: CollectionRecord['payload_indexes'];
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** The entry in hand. */
  #applying: Promise<unknown> | undefined;
  #reads = 0;

  constructor(options: ReplicaOptions) {
    const { record, shard } = options;
    this.#options = options;
    this.#payloadIndexes = record.payload_indexes;
    this.#logger = options.logger.child({ collection: record.name, uid: record.uid, shard });
    this.#applied = new AppliedSequence(shard);
  }

  /** Returns when the shard is open, or has turned out to be damaged; following the log goes on by itself. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** The collection has a record that says something else: its payload indexes are what may change. */
  change({ payload_indexes: indexes }: CollectionRecord): void {
    this.#payloadIndexes = indexes;
    this.#shard?.declarePayloadIndexes(indexes);
  }

  report(): ReplicaReport {
    const { node, record, shard } = this.#options;
    return {
      node,
      uid: record.uid,
      shard,
      phase: this.#phase,
      ...(this.#failure === undefined ? {} : { reason: this.#failure.message }),
      ...(this.#shard?.report() ?? NOTHING),
    };
  }

  /** Runs a read once the replica is as far as demanded; closing waits for it. */
  async read<T>(demand: Demand, task: (shard: Shard) => T | Promise<T>): Promise<T> {
    this.#reads += 1;
    try {
      await this.#applied.reach(demand.sequence, demand.deadline);
      assert(this.#shard, 'a replica that has applied something is open');
      return await task(this.#shard);
    } finally {
      this.#reads -= 1;
      if (this.#closing !== undefined && this.#reads === 0) this.#idle.resolve();
    }
  }

  /** Finishes the entry and the reads in hand, and flushes; reads get `reason`. */
  close(reason: Failure): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { record, directory } = this.#options;
    if (this.#stopping.signal.aborted) return;
    try {
      this.#shard = await Shard.open({
        directory,
        kind: record.config.kind,
        dimension: record.config.dimension,
        metric: record.config.metric,
        hnsw: record.config.hnsw,
        payloadIndexes: this.#payloadIndexes,
        quantization: record.config.quantization,
        gpu: this.#options.gpu,
        logger: this.#logger,
        onFailure: (failure) => this.#stop('failed', failure),
      });
    } catch (cause) {
      this.#stop('failed', Failure.from(cause));
      return;
    }
    // They may have been declared anew while the shard was opened.
    this.#shard.declarePayloadIndexes(this.#payloadIndexes);
    this.#shard.startBackground();
    this.#applied.advance(this.#shard.position.sequence);
    void this.#follow(this.#shard);
  }

  async #close(reason: Failure): Promise<void> {
    this.#stopping.abort();
    this.#applied.end(reason);
    await this.#opening;
    // Not the reader of the log, which may be waiting for a server that is away: it ends by itself and applies no more.
    await this.#applying;
    if (this.#reads > 0) await this.#idle.promise;
    await this.#shard?.close();
  }

  /** Ends when told to stop, and when the replica has stopped for good. */
  async #follow(shard: Shard): Promise<void> {
    const { log, record, shard: number } = this.#options;
    const { signal } = this.#stopping;
    const search = { log, uid: record.uid, shard: number, logger: this.#logger, signal };
    let doubted: number | undefined;
    try {
      for (;;) {
        const found = await findLog(search, shard.position);
        if (found === undefined) return;
        if (shard.position.created === null) shard.bind(found.created);
        if (shard.position.sequence >= found.lastSequence) this.#caughtUp();
        const doubt = await this.#applyAll(shard, found.lastSequence);
        if (doubt === undefined) return;
        // The reader sees the log by one server's word of a moment. What it doubts is looked into once more from the
        // start, and believed when it says the same again. A log that is gone most likely is a dropped collection's:
        // the catalog tells, and until then there is nothing to do but to wait.
        const again = doubted === shard.position.sequence;
        if (doubt.type !== 'collection_not_found' && (again || doubt.type !== 'replica_diverged')) throw doubt;
        if (doubt.type === 'replica_diverged') doubted = shard.position.sequence;
        await sleep(DOUBT_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    } catch (cause) {
      const failure = Failure.from(cause);
      this.#stop(failure.type === 'replica_diverged' ? 'diverged' : 'failed', failure);
    }
  }

  /** The apply loop. Answers why reading the log ended, or undefined when there is no more to apply by this replica. */
  async #applyAll(shard: Shard, target: number): Promise<Failure | undefined> {
    const { log, record, shard: number } = this.#options;
    const { signal } = this.#stopping;
    const { sequence: after, created } = shard.position;
    assert(created !== null, 'a replica is bound to its log before it reads it');
    const onInterruption = (cause: unknown): void =>
      this.#logger.info({ err: cause }, 'reading the log was interrupted');
    try {
      for await (const message of log.read(record.uid, number, { after, created, signal, onInterruption })) {
        if (signal.aborted || !(await this.#apply(shard, message))) return undefined;
        if (message.pending === 0 || message.sequence >= target) this.#caughtUp();
      }
      return undefined;
    } catch (cause) {
      return signal.aborted ? undefined : Failure.from(cause);
    }
  }

  /** False when this node cannot go on. */
  async #apply(shard: Shard, message: LogMessage): Promise<boolean> {
    const start = performance.now();
    const { operations_applied: before } = shard.report();
    const applying = shard.apply(message).then(
      () => true,
      (cause: unknown) => {
        this.#stop('failed', Failure.from(cause));
        return false;
      },
    );
    this.#applying = applying;
    const applied = await applying;
    this.#applying = undefined;
    if (!applied) return false;
    this.#applied.advance(message.sequence);
    const { operations_applied: after } = shard.report();
    entryApplied({ operations: after - before, seconds: (performance.now() - start) / 1_000 });
    return true;
  }

  #caughtUp(): void {
    if (this.#phase !== 'syncing') return;
    this.#phase = 'following';
    this.#options.onPhase();
  }

  /** For good: one line in the log, and every read is refused with the reason. */
  #stop(phase: 'diverged' | 'failed', cause: Failure): void {
    if (this.#failure !== undefined) return;
    const type = phase === 'diverged' ? 'replica_diverged' : 'storage_error';
    this.#failure = new Failure(type, reasonOf(cause), { cause });
    this.#phase = phase;
    this.#stopping.abort();
    this.#applied.end(this.#failure);
    this.#logger.error({ reason: this.#failure.message, err: cause.cause ?? cause }, `the replica has ${phase}`);
    this.#options.onPhase();
  }
}

/** A replica that is not open yet, or cannot be opened, shows as one that has applied nothing. */
const NOTHING: ShardReport = {
  applied_sequence: 0,
  durable_sequence: 0,
  points: 0,
  indexed: 0,
  buffered: 0,
  dead: 0,
  state_hash: '0'.repeat(64),
  chain: CHAIN_START,
  bytes_received: 0,
  entries_applied: 0,
  operations_applied: 0,
  entries_rejected: 0,
  last_applied_at: null,
};

/** Of what was not foreseen, the cause says more than "unexpected failure". */
function reasonOf({ type, message, cause }: Failure): string {
  const told = typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : undefined;
  return type === 'internal_error' && told !== undefined ? `${message}: ${told}` : message;
}
