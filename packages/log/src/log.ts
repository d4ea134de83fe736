import { setTimeout as sleep } from 'node:timers/promises';
import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Failure } from '@vectorizer/errors';
import { CollectionUid, LOG_STREAM_PREFIX, subjects } from '@vectorizer/contracts';
import { collectionGone, isRefusal, isStreamGone, logUnavailable } from './log-faults.ts';
import { readLog, type LogMessage, type ReadOptions } from './log-reader.ts';
import { NOBODY, type LogObserver } from './log-observer.ts';
import { LogWriter } from './log-writer.ts';

/**
 * A server that does not answer an administrative request in this time counts as away. While a log has no leader, nobody
 * answers, and who asks again soon hears of the new one soon.
 */
const API_TIMEOUT_MS = 2_000;
/** Log servers that have just met, or are busy, are asked again so soon. */
const AGAIN_MS = 250;
const NANOSECONDS_PER_SECOND = 1_000_000_000;
/** The server's own window against double publishes; beyond it the replicas' request tables guard. */
const DUPLICATE_WINDOW_S = 120;

/** Where a log stands. `created` tells a log from a namesake made later; sequences start at 1, `lastSequence` 0 is empty. */
export type LogState = {
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly bytes: number;
  /** How many servers keep it. */
  readonly servers: number;
  /**
   * How far the clock of the log's leader, by which entries are stamped, is ahead of this process's, negative when behind:
   * the least that explains its answer, so 0 between clocks that agree.
   */
  readonly clockAheadMs: number;
};

/** The first sequence that whoever has applied so much is missing, of those that the log still has; undefined when none is. */
export function oldestMissing(
  applied: number,
  { firstSequence, lastSequence }: Pick<LogState, 'firstSequence' | 'lastSequence'>,
): number | undefined {
  const next = Math.max(applied + 1, firstSequence);
  return next <= lastSequence ? next : undefined;
}

/** The write logs: one JetStream stream per shard. */
export class Log {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #replicas: number;
  readonly #payloadBytesMax: number;
  readonly #epochMs: () => number;
  readonly #observer: LogObserver;
  readonly #writers = new Map<string, LogWriter>();

  private constructor(parts: {
    client: JetStreamClient;
    manager: JetStreamManager;
    replicas: number;
    payloadBytesMax: number;
    epochMs: () => number;
    observer: LogObserver;
  }) {
    this.#client = parts.client;
    this.#manager = parts.manager;
    this.#replicas = parts.replicas;
    this.#payloadBytesMax = parts.payloadBytesMax;
    this.#epochMs = parts.epochMs;
    this.#observer = parts.observer;
  }

  /** `replicas`: how many servers keep each log: 1, or 3 in a cluster. `epochMs`: this process's time of day. */
  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly epochMs?: () => number;
    readonly observer?: LogObserver;
  }): Promise<Log> {
    try {
      // Nothing is asked yet: log servers that have just met do not answer, and each request has its own way with that.
      const manager = await jetstreamManager(options.connection, { timeout: API_TIMEOUT_MS, checkAPI: false });
      const payloadBytesMax = options.connection.info?.max_payload ?? 1_048_576;
      const { replicas, epochMs = Date.now, observer = NOBODY } = options;
      return new Log({ client: jetstream(options.connection), manager, replicas, payloadBytesMax, epochMs, observer });
    } catch (cause) {
      throw logUnavailable(cause);
    }
  }

  /**
   * Makes the logs of a collection; those that exist are left as they are. A log begins at sequence 1, or where `first`
   * says by shard. Servers that do not answer are asked again until the deadline (epoch milliseconds), once at the least.
   * Durable when it returns.
   */
  async ensureStreams(
    uid: CollectionUid,
    shards: number,
    { first = [], deadline = 0 }: { readonly first?: readonly number[]; readonly deadline?: number } = {},
  ): Promise<void> {
    for (let shard = 0; shard < shards; shard++) {
      // eslint-disable-next-line no-await-in-loop -- few shards, and the server takes one at a time
      await this.#askUntil(deadline, uid, () =>
        this.#manager.streams.add({
          name: subjects.stream(uid, shard),
          subjects: [subjects.log(uid, shard)],
          storage: StorageType.File,
          retention: RetentionPolicy.Limits,
          discard: DiscardPolicy.New,
          num_replicas: this.#replicas,
          deny_delete: true,
          allow_direct: false,
          ...((first[shard] ?? 1) > 1 && { first_seq: first[shard] }),
          duplicate_window: DUPLICATE_WINDOW_S * NANOSECONDS_PER_SECOND,
        }),
      );
    }
  }

  /** Removes the logs of a collection; those that are gone already are no fault. */
  async dropStreams(uid: CollectionUid): Promise<void> {
    for (const name of await this.#names()) {
      if (!name.startsWith(`${LOG_STREAM_PREFIX}${uid}_`)) continue;
      await this.#ask(uid, () => this.#manager.streams.delete(name)).catch((failure: unknown) => {
        if (!(failure instanceof Failure) || failure.type !== 'collection_not_found') throw failure;
      });
    }
  }

  /** The uids of all collections that have a log. */
  async uids(): Promise<CollectionUid[]> {
    const uids = (await this.#names()).map((name) => name.slice(LOG_STREAM_PREFIX.length).split('_')[0]);
    return [...new Set(uids)].flatMap((uid) => {
      const parsed = CollectionUid.safeParse(uid);
      return parsed.success ? [parsed.data] : [];
    });
  }

  /** As the log's leader says. Throws `collection_not_found` when the log is gone. */
  async state(uid: CollectionUid, shard: number): Promise<LogState> {
    const askedMs = this.#epochMs();
    const info = await this.#ask(uid, () => this.#manager.streams.info(subjects.stream(uid, shard)));
    return {
      created: info.created,
      firstSequence: info.state.first_seq,
      lastSequence: info.state.last_seq,
      bytes: info.state.bytes,
      servers: info.config.num_replicas,
      clockAheadMs: aheadOf(
        { fromMs: askedMs, toMs: this.#epochMs() },
        info.ts === undefined ? undefined : Date.parse(info.ts),
      ),
    };
  }

  /** One entry, or undefined when the log does not hold it. */
  async entryAt(
    uid: CollectionUid,
    shard: number,
    sequence: number,
  ): Promise<{ bytes: Uint8Array; at: number } | undefined> {
    try {
      const message = await this.#manager.streams.getMessage(subjects.stream(uid, shard), { seq: sequence });
      return message === null ? undefined : { bytes: message.data, at: message.time.getTime() };
    } catch (error) {
      throw isStreamGone(error) ? collectionGone(uid, error) : logUnavailable(error);
    }
  }

  /**
   * The last entry that was logged before a moment (epoch milliseconds): 0, or the one before the first that the log
   * still holds, when there is none. By halving: an entry's time grows with its sequence.
   */
  async lastSequenceBefore(uid: CollectionUid, shard: number, moment: number): Promise<number> {
    const { firstSequence, lastSequence } = await this.state(uid, shard);
    // An empty log says that it begins at 0, which no entry has.
    let [before, after] = [Math.max(0, firstSequence - 1), lastSequence + 1];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      // One that is missing was cut off meanwhile, so it is older than all that are there.
      const at = (await this.entryAt(uid, shard, middle))?.at ?? -Infinity;
      if (at < moment) before = middle;
      else after = middle;
    }
    return before;
  }

  /** Removes the entries up to and with a sequence. For whoever knows that a stored snapshot has all of them. */
  async cut(uid: CollectionUid, shard: number, upTo: number): Promise<void> {
    const name = subjects.stream(uid, shard);
    await this.#ask(uid, () => this.#manager.streams.purge(name, { seq: upTo + 1 }));
  }

  /** The one writer of this process for a shard: group commit works because all writes go through it. */
  writer(uid: CollectionUid, shard: number): LogWriter {
    const subject = subjects.log(uid, shard);
    const known = this.#writers.get(subject);
    if (known !== undefined) return known;
    const writer = new LogWriter({
      client: this.#client,
      manager: this.#manager,
      uid,
      shard,
      payloadBytesMax: this.#payloadBytesMax,
      observer: this.#observer,
    });
    this.#writers.set(subject, writer);
    return writer;
  }

  /** Forgets the writers of a dropped collection. */
  forget(uid: CollectionUid): void {
    for (const subject of this.#writers.keys()) {
      if (subject.startsWith(subjects.log(uid, 0).slice(0, -1))) this.#writers.delete(subject);
    }
  }

  /** Entries after `options.after`, in order and without a gap, for as long as the signal is not aborted. */
  read(uid: CollectionUid, shard: number, options: ReadOptions): AsyncIterable<LogMessage> {
    return readLog({ client: this.#client, manager: this.#manager, uid, shard }, options);
  }

  async #names(): Promise<string[]> {
    try {
      return (await Array.fromAsync(this.#manager.streams.names())).filter((name) =>
        name.startsWith(LOG_STREAM_PREFIX),
      );
    } catch (cause) {
      throw logUnavailable(cause);
    }
  }

  async #askUntil<T>(deadline: number, uid: string, request: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await request();
      } catch (cause) {
        if (isStreamGone(cause)) throw collectionGone(uid, cause);
        if (isRefusal(cause) || Date.now() + AGAIN_MS > deadline) throw logUnavailable(cause);
      }
      await sleep(AGAIN_MS);
    }
  }

  async #ask<T>(uid: string, request: () => Promise<T>): Promise<T> {
    return this.#askUntil(0, uid, request);
  }
}

/** What a clock that said `saidMs` within a span of the own clock is ahead of it, at the least. */
function aheadOf({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }, saidMs = toMs): number {
  return saidMs > toMs ? saidMs - toMs : Math.min(0, saidMs - fromMs);
}
