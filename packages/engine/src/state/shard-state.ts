import assert from 'node:assert/strict';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import { Slices } from '../apply/slices.ts';
import type { Turns } from '../apply/turns.ts';
import { damaged } from '../snapshot/damaged.ts';
import { idOfKey, keyAfter, metaKey, orderOfKey, pointKey, pointsEnd, requestKey, requestRange } from './keys.ts';
import { LmdbStore, type Write } from './lmdb-store.ts';
import { decodeMeta, encodeMeta, firstMeta, type ShardMeta } from './meta.ts';
import { Overlay } from './overlay.ts';
import { decodeRecord, decodeSummary, decodeVector, decodeVersions, encodeRecord, type PointRecord } from './record.ts';
import { Proofs, type Link, type Proven } from './proofs.ts';
import { decodeRemembered, encodeRemembered } from './request-record.ts';
import { RequestTable, type Remembered } from './request-table.ts';
import { Snapshot } from './snapshot.ts';

/** Keys read at once while the store is opened. */
const OPEN_BATCH = 512;

/** Everything that one entry changes. */
export type Step = {
  readonly points: ReadonlyMap<string, PointRecord | undefined>;
  /** The changed points as they were. */
  readonly before: ReadonlyMap<string, PointRecord | undefined>;
  readonly requests: readonly Remembered[];
  readonly link: Link;
  readonly meta: Figures;
};

/** What a replica knows about itself, but for what it can prove: that is worked out when it is asked for. */
export type Figures = Omit<ShardMeta, keyof Proven | 'last_applied_at'> & { readonly last_applied_ms: number | null };

/**
 * A replica's state: points, remembered requests and figures. `advance` makes an entry's changes visible at once, in
 * memory; `flush` writes all that is in memory in one transaction. After a kill the store equals the state at the
 * last flush, and the log has the rest.
 */
export class ShardState {
  readonly requests: RequestTable;
  readonly #store: LmdbStore;
  readonly #turns: Turns | undefined;
  readonly #overlay = new Overlay();
  readonly #proofs: Proofs;
  #dirtyRequests: RequestChange[] = [];
  #meta: Figures;
  #durable: Figures;
  #flushing: Promise<void> | undefined;

  private constructor(parts: { store: LmdbStore; requests: RequestTable; meta: ShardMeta; turns: Turns | undefined }) {
    this.#store = parts.store;
    this.#turns = parts.turns;
    this.requests = parts.requests;
    const { state_hash: _hash, chain: _chain, digest: _digest, last_applied_at: at, ...figures } = parts.meta;
    this.#proofs = new Proofs(parts.meta);
    this.#meta = this.#durable = { ...figures, last_applied_ms: at === null ? null : Date.parse(at) };
  }

  static async open(
    path: string,
    options: Pick<ShardMeta, 'dimension' | 'metric'> & { readonly requestsMax?: number; readonly turns?: Turns },
  ): Promise<ShardState> {
    const store = LmdbStore.open(path);
    try {
      const { dimension, metric } = options;
      const bytes = store.peek(metaKey);
      const meta = bytes === undefined ? firstMeta({ dimension, metric }) : decodeMeta(bytes);
      if (meta.dimension !== dimension || meta.metric !== metric) {
        throw new Failure('storage_error', `the store holds ${meta.metric} vectors of ${meta.dimension} components`);
      }
      const requests = new RequestTable(options.requestsMax);
      await restoreRequests(store, requests);
      return new ShardState({ store, requests, meta, turns: options.turns });
    } catch (cause) {
      await store.close();
      // Whatever LMDB or a decoder could not make sense of, it was not written so.
      throw cause instanceof Failure ? cause : damaged(`what is stored cannot be read: ${String(cause)}`, cause);
    }
  }

  get meta(): Figures {
    return this.#meta;
  }

  get proven(): ShardMeta {
    return metaOf(this.#meta, this.#settle());
  }

  /** The sequence that a kill now would leave on disk. */
  get durableSequence(): number {
    return this.#durable.sequence;
  }

  /** How many changed points wait for a flush. */
  get unflushed(): number {
    return this.#overlay.size;
  }

  get dirty(): boolean {
    return this.#durable !== this.#meta;
  }

  /** Memory for changes is used up: flush before the next entry. */
  get full(): boolean {
    return this.#overlay.full;
  }

  point(id: string): PointRecord | undefined {
    if (this.#overlay.has(id)) return this.#overlay.get(id);
    const bytes = this.#store.peek(pointKey(id));
    return bytes === undefined ? undefined : decodeRecord(bytes);
  }

  vector(id: string): Float32Array | undefined {
    if (this.#overlay.has(id)) return this.#overlay.get(id)?.vector;
    const bytes = this.#store.peek(pointKey(id));
    return bytes === undefined ? undefined : decodeVector(bytes);
  }

  /** A point without its vector, which is most of its bytes. */
  summary(id: string): Omit<PointRecord, 'vector'> | undefined {
    if (this.#overlay.has(id)) return this.#overlay.get(id);
    const bytes = this.#store.peek(pointKey(id));
    return bytes === undefined ? undefined : decodeSummary(bytes);
  }

  /** The versions alone, at the least cost. */
  versions(id: string): Pick<PointRecord, 'version' | 'vectorVersion'> | undefined {
    if (this.#overlay.has(id)) return this.#overlay.get(id);
    const bytes = this.#store.peek(pointKey(id));
    return bytes === undefined ? undefined : decodeVersions(bytes);
  }

  snapshot(): Snapshot {
    return new Snapshot({ sequence: this.#meta.sequence, store: this.#store, changes: this.#overlay.copy() });
  }

  /** The ids of all points that are there at the call; of those that come or go before the end, some. Turns may pass in between. */
  *idBatches(): Generator<readonly string[]> {
    yield this.#overlay.ids();
    let start = keyAfter(undefined);
    for (;;) {
      const ids = this.#store.keys({ start, end: pointsEnd, limit: OPEN_BATCH }).map(idOfKey);
      yield ids;
      const last = ids.at(-1);
      if (last === undefined) return;
      start = keyAfter(last);
    }
  }

  /** The versions of every point. */
  async allVersions(): Promise<Map<string, Pick<PointRecord, 'version' | 'vectorVersion'>>> {
    const versions = new Map<string, Pick<PointRecord, 'version' | 'vectorVersion'>>();
    let start = keyAfter(undefined);
    for (;;) {
      // Not as a range: that copies every vector, and what it takes for that the process keeps.
      const keys = this.#store.keys({ start, end: pointsEnd, limit: OPEN_BATCH });
      for (const key of keys) {
        const bytes = this.#store.peek(key);
        assert(bytes !== undefined, 'nothing is written while a shard is opened');
        versions.set(idOfKey(key), decodeVersions(bytes));
      }
      const last = keys.at(-1);
      if (last === undefined) return versions;
      start = keyAfter(idOfKey(last));
      await yieldToOthers();
    }
  }

  /** Synchronous: a reader sees all of the step or none of it. */
  advance(step: Step): void {
    for (const [id, record] of step.points) {
      this.#proofs.changed(id, step.before.get(id));
      this.#overlay.set(id, record);
    }
    this.#proofs.entry(step.link);
    if (this.#proofs.full) this.#settle();
    for (const request of step.requests) {
      const { added, forgotten } = this.requests.remember(request);
      this.#dirtyRequests.push({ order: added, request });
      for (const order of forgotten) this.#dirtyRequests.push({ order, request: undefined });
    }
    this.#meta = { ...step.meta, created: this.#meta.created };
  }

  /** Ties the state to one life of the log. */
  bind(created: string | null): void {
    this.#meta = { ...this.#meta, created };
  }

  /** Writes what was applied before the call. A failure leaves it all in memory, for the next flush. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (!this.dirty) return;
    this.#flushing = this.#write();
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  /** A copy of the file as it was last committed, whatever is committed meanwhile. */
  async copyTo(path: string): Promise<void> {
    await this.#store.copyTo(path);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #settle(): Proven {
    return this.#proofs.settle((id) => this.#overlay.get(id));
  }

  async #write(): Promise<void> {
    const [meta, proven, requests] = [this.#meta, this.#settle(), this.#dirtyRequests];
    const points = this.#overlay.freeze();
    this.#dirtyRequests = [];
    try {
      const writes = await encode(points, requests, new Slices(Infinity, this.#turns));
      writes.push({ key: metaKey, value: encodeMeta(metaOf(meta, proven)) });
      await this.#store.commit(writes);
    } catch (cause) {
      this.#dirtyRequests = [...requests, ...this.#dirtyRequests];
      throw cause;
    }
    this.#durable = meta;
    this.#overlay.thaw();
  }
}

function metaOf({ last_applied_ms: at, ...figures }: Figures, proven: Proven): ShardMeta {
  return { ...figures, ...proven, last_applied_at: at === null ? null : new Date(at).toISOString() };
}

/** Undefined where the request was forgotten. */
type RequestChange = { readonly order: number; readonly request: Remembered | undefined };

async function encode(
  points: ReadonlyMap<string, PointRecord | undefined>,
  requests: readonly RequestChange[],
  slices: Slices,
): Promise<Write[]> {
  const writes: Write[] = [];
  for (const [id, record] of points) {
    writes.push({ key: pointKey(id), value: record === undefined ? undefined : encodeRecord(record) });
    if (slices.due) await slices.next();
  }
  for (const { order, request } of requests) {
    writes.push({ key: requestKey(order), value: request && encodeRemembered(order, request) });
    if (slices.due) await slices.next();
  }
  // Handing them to LMDB is one synchronous step, about 1 µs each: a slice of its own.
  await slices.next();
  return writes;
}

async function restoreRequests(store: LmdbStore, requests: RequestTable): Promise<void> {
  let start: Buffer = requestRange.start;
  for (;;) {
    const batch = store.range({ start, end: requestRange.end, limit: OPEN_BATCH });
    for (const { key, value } of batch) {
      requests.restore(orderOfKey(key), decodeRemembered(orderOfKey(key), value));
    }
    const last = batch.at(-1);
    if (last === undefined) return;
    start = requestKey(orderOfKey(last.key) + 1);
    await yieldToOthers();
  }
}
