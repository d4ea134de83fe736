import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager, StorageType, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/transport-node';
import type { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { gauge, outsideRequests, type Logger } from '@vectorizer/telemetry';
import { API } from './connection.ts';
import { isTransient, openWhileElecting } from './elections.ts';
import { purgeMarkers } from './purge-markers.ts';
import { SharedRuns } from './shared-runs.ts';

/** Opening waits this long for the bucket and its first state. */
const OPEN_TIMEOUT_MS = 10_000;
/** A watch that is alive brings news within milliseconds, on a busy machine within hundreds of them. */
const NEWS_MS_MAX = 500;
/** How often the mirror compares itself with the bucket: a watch that died silently is found and replaced within two looks. */
const CHECK_INTERVAL_MS = 5_000;
/** A refused or unanswered write is tried again this often while a leader is elected. */
const WRITE_ATTEMPTS_MAX = 20;
const WRITE_RETRY_MS = 250;
const LOST_PAUSE_MS_MAX = 20;
/** Deleted keys whose revision is remembered, so that an answer from before the deletion does not bring one back. */
const DELETED_MAX = 1_024;
/** What a deletion leaves is kept for so long, so that mirrors of processes that were away learn of it. */
const MARKER_MS = 3_600_000;
/** Keys asked for at once when the whole bucket is read. */
const READS_IN_FLIGHT_MAX = 8;

const unreadable = gauge({
  name: 'vectorizer_unreadable_records',
  help: 'Records of a bucket of the log servers that cannot be understood',
  labelNames: ['bucket'] as const,
});

type Entry<T> = { readonly value: T | undefined; readonly revision: number };
const NOTHING = { value: undefined, revision: 0 } as const;
export type MirrorOptions<T> = {
  readonly connection: NatsConnection;
  readonly bucket: string;
  readonly schema: z.ZodType<T>;
  readonly replicas: number;
  readonly logger: Logger;
  /** How often it compares itself with the bucket, where that is to be known sooner than usual. */
  readonly checkIntervalMs?: number;
  /**
   * What a record that cannot be understood leaves: what was known before it, or nothing. The latter is for what lets somebody
   * do something, which nobody may when it cannot be read.
   */
  readonly malformed?: 'keep' | 'withhold';
};
export type MirrorChange<T> = { readonly key: string; readonly before: T | undefined; readonly after: T | undefined };

/**
 * A JetStream KV bucket with its newest values in memory. Reads of the mirror cost nothing and may be some
 * milliseconds old; `refresh` asks the bucket's leader; writes are compare-and-set.
 *
 * The client library's watch does not recover when its own server dies, so the mirror checks itself: when the
 * bucket has moved on and the watch has not, a new watch is started, which delivers every key's newest value again.
 */
export class KvMirror<T> {
  readonly #options: MirrorOptions<T>;
  readonly #kv: KV;
  readonly #manager: JetStreamManager;
  readonly #entries = new Map<string, Entry<T>>();
  /** Keys of entries without a value, the oldest first. */
  readonly #deleted = new Set<string>();
  readonly #listeners = new Set<(change: MirrorChange<T>) => void>();
  readonly #closing = new AbortController();
  /** Keys of records that cannot be understood. */
  readonly #malformed = new Set<string>();
  readonly #looks = new SharedRuns(() => this.#look());
  #watch: QueuedIterator<KvWatchEntry> | undefined;
  /** How far the watch has come. A newer record that was asked for says nothing of those between, which a dead watch misses. */
  #seen = 0;
  #confirmedAtMs = performance.now();

  private constructor(options: MirrorOptions<T>, kv: KV, manager: JetStreamManager) {
    this.#options = options;
    this.#kv = kv;
    this.#manager = manager;
  }

  /** Returns once the mirror holds all that the bucket held when it was called. */
  static async open<T>(options: MirrorOptions<T>): Promise<KvMirror<T>> {
    const { connection, bucket, replicas } = options;
    return openWhileElecting(`bucket ${bucket}`, async () => {
      const kv = await new Kvm(jetstream(connection, API)).create(bucket, {
        history: 1,
        replicas,
        storage: StorageType.File,
        // Reads go to the leader: one that another server answers may be older than our own write.
        allow_direct: false,
      });
      const mirror = new KvMirror(options, kv, await jetstreamManager(connection, API));
      try {
        await mirror.#startWatch();
        await mirror.#caughtUp(await mirror.#last());
      } catch (cause) {
        mirror.close();
        throw cause;
      }
      unreadable.set({ bucket }, mirror.malformed);
      void mirror.#checkForever();
      return mirror;
    });
  }

  values(): T[] {
    return [...this.#entries.values()].flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  /** How many keys have a value. */
  get size(): number {
    return this.#entries.size - this.#deleted.size;
  }

  /** How many keys have a record that cannot be understood. */
  get malformed(): number {
    return this.#malformed.size;
  }

  /** For how long nobody could say whether this is what the bucket holds: as long as the log servers are away. */
  get unconfirmedMs(): number {
    return performance.now() - this.#confirmedAtMs;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  onChange(listener: (change: MirrorChange<T>) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Returns once the mirror holds all that the bucket held when this was called. A watch that does not bring it soon is dead,
   * and is replaced. Calls meanwhile share the next such look.
   */
  async catchUp(): Promise<void> {
    return this.#looks.run();
  }

  /** The value that the bucket's leader holds now; the mirror follows. */
  async refresh(key: string): Promise<T | undefined> {
    const known = this.#entries.get(key)?.revision;
    const entry = await this.#ask(() => this.#kv.get(key));
    if (entry !== null) this.#take(entry);
    else if (known !== undefined && (await this.#ask(async () => this.#isGone(key, known)))) this.#forget(key, known);
    return this.get(key);
  }

  /**
   * Every value that the bucket's leader holds now, key by key, and since when the bucket exists; the mirror follows.
   * Throws when a record cannot be understood: to whoever asks for all, it would be missing.
   */
  async refreshAll(): Promise<{ readonly values: readonly T[]; readonly since: string }> {
    const { keys, since } = await this.#forgetAbsent();
    const values: T[] = [];
    for (let i = 0; i < keys.length; i += READS_IN_FLIGHT_MAX) {
      const some = keys.slice(i, i + READS_IN_FLIGHT_MAX);
      for (const value of await Promise.all(some.map((key) => this.#read(key)))) {
        if (value !== undefined) values.push(value);
      }
    }
    return { values, since };
  }

  /** Creates the key; false when it exists. An answer that got lost is settled by `isOurs`. */
  async create(key: string, value: T, isOurs: (found: T) => boolean): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        const revision = await this.#kv.create(key, JSON.stringify(value));
        this.#set(key, value, revision);
        return true;
      } catch (cause) {
        const found = await this.refresh(key);
        if (found !== undefined) return isOurs(found);
        if (attempt === WRITE_ATTEMPTS_MAX || !isTransient(cause)) throw unavailable(this.#options.bucket, cause);
        await sleep(WRITE_RETRY_MS);
      }
    }
  }

  async put(key: string, value: T): Promise<void> {
    const revision = await this.#ask(() => this.#kv.put(key, JSON.stringify(value)));
    this.#set(key, value, revision);
  }

  /**
   * Replaces the value by what `change` makes of it, if nobody else was quicker, else makes it anew of theirs. Undefined
   * when there is none; what stays as it is is not written. After an answer that got lost, `change` meets its own result: it has to be content with that.
   */
  async update(key: string, change: (value: T) => T): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      await this.refresh(key);
      // Value and revision of one moment: the watch may have brought another value since it was read.
      const { value: found, revision } = this.#entries.get(key) ?? NOTHING;
      if (found === undefined) return undefined;
      const changed = change(found);
      if (changed === found) return found;
      try {
        this.#set(key, changed, await this.#kv.update(key, JSON.stringify(changed), revision));
        return changed;
      } catch (cause) {
        if (attempt === WRITE_ATTEMPTS_MAX) throw unavailable(this.#options.bucket, cause);
        // A server that does not answer gets time; those that lost to another writer come back one by one.
        await sleep(isTransient(cause) ? WRITE_RETRY_MS : Math.random() * LOST_PAUSE_MS_MAX);
      }
    }
  }

  /** Deletes the key if its value is `wanted`; answers the value that was deleted, or undefined when there was no such. */
  async delete(key: string, wanted: (found: T) => boolean = () => true): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      await this.refresh(key);
      const { value: found, revision } = this.#entries.get(key) ?? NOTHING;
      if (found === undefined || !wanted(found)) return undefined;
      try {
        await this.#kv.delete(key, { previousSeq: revision });
        await this.refresh(key);
        return found;
      } catch (cause) {
        if (attempt === WRITE_ATTEMPTS_MAX) throw unavailable(this.#options.bucket, cause);
        await sleep(WRITE_RETRY_MS);
      }
    }
  }

  /**
   * Removes what deletions that are older than this have left, up to a thousand; answers how many that were. A mirror that missed a
   * deletion for so long finds out by itself. The newest record of the bucket stays: mirrors tell by it whether they are behind.
   */
  async purgeDeleted(olderMs = MARKER_MS): Promise<number> {
    const { bucket } = this.#options;
    return this.#ask(async () => purgeMarkers({ kv: this.#kv, manager: this.#manager, bucket }, olderMs));
  }

  close(): void {
    this.#closing.abort();
    this.#watch?.stop();
  }

  async #startWatch(): Promise<void> {
    this.#watch?.stop();
    const watch = await this.#kv.watch();
    if (this.#closing.signal.aborted) watch.stop();
    this.#watch = watch;
    void (async (): Promise<void> => {
      for await (const entry of watch) {
        this.#take(entry);
        this.#seen = Math.max(this.#seen, entry.revision);
      }
    })();
  }

  async #look(): Promise<void> {
    const last = await this.#ask(() => this.#last());
    if (await this.#reaches(last, NEWS_MS_MAX)) return;
    await this.#ask(() => this.#startWatch());
    await this.#caughtUp(last);
  }

  /** The revision of the newest record of the bucket; 0 when there is none. */
  async #last(): Promise<number> {
    const { state } = await this.#manager.streams.info(`KV_${this.#options.bucket}`);
    return state.messages > 0 ? state.last_seq : 0;
  }

  async #caughtUp(last: number): Promise<void> {
    if (await this.#reaches(last, OPEN_TIMEOUT_MS)) return;
    throw new Failure('log_unavailable', `bucket ${this.#options.bucket} was not read in time`);
  }

  /** False when the watch has not come so far within this time. One that is closed gets nowhere, and is told that it is there. */
  async #reaches(revision: number, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (this.#seen < revision && !this.#closing.signal.aborted) {
      if (Date.now() > deadline) return false;
      await sleep(2);
    }
    return true;
  }

  async #checkForever(): Promise<void> {
    let suspicious = false;
    const intervalMs = this.#options.checkIntervalMs ?? CHECK_INTERVAL_MS;
    while (!this.#closing.signal.aborted) {
      await sleep(intervalMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      try {
        const behind = this.#seen < (await this.#last());
        if (this.unconfirmedMs > MARKER_MS / 2) await this.#forgetAbsent();
        if (!behind) this.#confirmedAtMs = performance.now();
        if (behind && suspicious) await this.catchUp();
        suspicious = behind;
      } catch (error) {
        // The server is away; the next look may find it back, and then finds out whether the watch survived.
        this.#options.logger.debug({ err: error, bucket: this.#options.bucket }, 'catalog check failed');
      }
    }
  }

  /** Of what is not in the bucket any more, whose deletion this mirror may have missed, nothing is kept. */
  async #forgetAbsent(): Promise<{ readonly keys: readonly string[]; readonly since: string }> {
    const { bucket } = this.#options;
    const prefix = `$KV.${bucket}.`;
    const info = await this.#ask(() => this.#manager.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}>` }));
    const keys = Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    const present = new Set(keys);
    for (const [key, { revision }] of this.#entries) {
      if (!present.has(key) && revision <= info.state.last_seq) this.#forget(key, revision);
    }
    return { keys, since: info.created };
  }

  /** Of a key that was there at this revision. A leader that was just elected may not know yet all that is stored. */
  async #isGone(key: string, revision: number): Promise<boolean> {
    return (await this.#last()) >= revision && (await this.#kv.get(key)) === null;
  }

  /** What was deleted after this revision, at an unknown later one. */
  #forget(key: string, revision: number): void {
    const known = this.#entries.get(key);
    if (known?.revision === revision && known.value !== undefined) this.#set(key, undefined, revision + 1);
  }

  /** Past the memory: what the leader holds under the key. */
  async #read(key: string): Promise<T | undefined> {
    const entry = await this.#ask(() => this.#kv.get(key));
    if (entry === null) return undefined;
    if (!this.#take(entry))
      throw new Failure('internal_error', `record ${key} of bucket ${this.#options.bucket} cannot be understood`);
    return this.get(key);
  }

  /** False when the record cannot be understood; it is left out. */
  #take(entry: { key: string; operation: string; revision: number; string(): string }): boolean {
    if (entry.operation !== 'PUT') {
      this.#set(entry.key, undefined, entry.revision);
      return true;
    }
    const parsed = this.#options.schema.safeParse(jsonOf(entry.string()));
    if (parsed.success) this.#set(entry.key, parsed.data, entry.revision);
    else this.#meetMalformed(entry, parsed.error);
    return parsed.success;
  }

  #meetMalformed({ key, revision }: { key: string; revision: number }, err: Error): void {
    const { bucket, logger, malformed = 'keep' } = this.#options;
    const known = this.#entries.get(key);
    if (known !== undefined && known.revision >= revision) return;
    logger.error({ key, bucket, err }, 'record ignored: malformed');
    if (malformed === 'withhold') this.#set(key, undefined, revision);
    this.#malformed.add(key);
    unreadable.set({ bucket }, this.#malformed.size);
  }

  #set(key: string, value: T | undefined, revision: number): void {
    const known = this.#entries.get(key);
    if (known !== undefined && known.revision >= revision) return;
    this.#entries.set(key, { value, revision });
    this.#deleted.delete(key);
    if (this.#malformed.delete(key)) unreadable.set({ bucket: this.#options.bucket }, this.#malformed.size);
    if (value === undefined) this.#noteDeleted(key);
    const change = { key, before: known?.value, after: value };
    if (change.before === undefined && change.after === undefined) return;
    // What they start lives on, whoever made the change.
    for (const listener of this.#listeners) outsideRequests(() => listener(change));
  }

  #noteDeleted(key: string): void {
    this.#deleted.add(key);
    const [oldest] = this.#deleted;
    if (this.#deleted.size <= DELETED_MAX || oldest === undefined) return;
    this.#deleted.delete(oldest);
    this.#entries.delete(oldest);
  }

  async #ask<R>(request: () => Promise<R>): Promise<R> {
    try {
      return await request();
    } catch (cause) {
      throw unavailable(this.#options.bucket, cause);
    }
  }
}

/** Of text that is no JSON, something that no schema takes. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(bucket: string, cause: unknown): Failure {
  return new Failure('log_unavailable', `bucket ${bucket} cannot be reached`, { cause });
}
