import { compareIds } from '@vectorizer/contracts';
import type { StoreView, LmdbStore } from './lmdb-store.ts';
import { idOfKey, keyAfter, orderOfKey, pointKey, pointsEnd, requestKey, requestRange } from './keys.ts';
import type { PointChanges } from './overlay.ts';
import { decodeRecord, decodeSummary, decodeVector, type PointRecord } from './record.ts';
import { decodeRemembered } from './request-record.ts';
import type { Remembered } from './request-table.ts';

export type StoredPoint = { readonly id: string; readonly record: PointRecord };
export type StoredVector = { readonly id: string; readonly vector: Float32Array };

/** Points read at once; a few hundred microseconds. */
const BATCH = 128;

/** Every point of one sequence, in the order of the ids' UTF-8 bytes, whatever is applied or flushed meanwhile. */
export class Snapshot implements Disposable {
  readonly sequence: number;
  readonly #store: LmdbStore;
  readonly #view: StoreView;
  readonly #changes: PointChanges;
  /** The ids of the changes in order, once they are asked for. */
  #changed: readonly string[] | undefined;

  constructor(source: { readonly sequence: number; readonly store: LmdbStore; readonly changes: PointChanges }) {
    this.sequence = source.sequence;
    this.#store = source.store;
    this.#view = source.store.view();
    this.#changes = source.changes;
  }

  point(id: string): PointRecord | undefined {
    if (this.#changes.has(id)) return this.#changes.get(id);
    const bytes = this.#store.peek(pointKey(id), this.#view);
    return bytes === undefined ? undefined : decodeRecord(bytes);
  }

  vector(id: string): Float32Array | undefined {
    if (this.#changes.has(id)) return this.#changes.get(id)?.vector;
    const bytes = this.#store.peek(pointKey(id), this.#view);
    return bytes === undefined ? undefined : decodeVector(bytes);
  }

  /** A point without its vector, which is most of its bytes. */
  summary(id: string): Omit<PointRecord, 'vector'> | undefined {
    if (this.#changes.has(id)) return this.#changes.get(id);
    const bytes = this.#store.peek(pointKey(id), this.#view);
    return bytes === undefined ? undefined : decodeSummary(bytes);
  }

  /** Reads in small batches, so the caller may pause between any two points. */
  points(after?: string): Generator<StoredPoint> {
    return this.#walk(after, { ofBytes: (id, bytes) => ({ id, record: decodeRecord(bytes) }), ofChange: asPoint });
  }

  /** Of these ids the points that there are, in the same order. */
  *some(ids: readonly string[]): Generator<StoredPoint> {
    for (const id of ids) {
      const record = this.point(id);
      if (record !== undefined) yield { id, record };
    }
  }

  /** All without the payloads, whose texts cost as much to decode as all the rest. */
  vectors(): Generator<StoredVector> {
    return this.#walk(undefined, { ofBytes: (id, bytes) => ({ id, vector: decodeVector(bytes) }), ofChange: asVector });
  }

  /** The remembered requests that are stored, one by one; throws a failure that `isDamaged` at one that is not as it was written. */
  *requests(): Generator<Remembered> {
    let start: Buffer = requestRange.start;
    for (;;) {
      const batch = this.#store.range({ start, end: requestRange.end, limit: BATCH }, this.#view);
      for (const { key, value } of batch) yield decodeRemembered(orderOfKey(key), value);
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) return;
      start = requestKey(orderOfKey(last.key) + 1);
    }
  }

  [Symbol.dispose](): void {
    this.#view[Symbol.dispose]();
  }

  *#walk<T>(after: string | undefined, reading: Reading<T>): Generator<T> {
    const changed = (this.#changed ??= [...this.#changes.keys()].toSorted(compareIds));
    let next = changed.findIndex((id) => after === undefined || compareIds(id, after) > 0);
    if (next === -1) next = changed.length;
    for (const [id, bytes] of this.#stored(after)) {
      for (; next < changed.length && compareIds(changed[next] ?? '', id) < 0; next++) {
        yield* this.#changedPoint(changed[next], reading);
      }
      if (!this.#changes.has(id)) yield reading.ofBytes(id, bytes);
    }
    for (; next < changed.length; next++) yield* this.#changedPoint(changed[next], reading);
  }

  *#changedPoint<T>(id = '', { ofChange }: Reading<T>): Generator<T> {
    const record = this.#changes.get(id);
    if (record !== undefined) yield ofChange(id, record);
  }

  *#stored(after: string | undefined): Generator<readonly [id: string, bytes: Buffer]> {
    let start = keyAfter(after);
    for (;;) {
      const batch = this.#store.range({ start, end: pointsEnd, limit: BATCH }, this.#view);
      for (const { key, value } of batch) yield [idOfKey(key), value];
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) return;
      start = keyAfter(idOfKey(last.key));
    }
  }
}

/** How a stored point, or a changed one, becomes what is asked for. */
type Reading<T> = {
  readonly ofBytes: (id: string, bytes: Buffer) => T;
  readonly ofChange: (id: string, record: PointRecord) => T;
};

function asPoint(id: string, record: PointRecord): StoredPoint {
  return { id, record };
}

function asVector(id: string, { vector }: PointRecord): StoredVector {
  return { id, vector };
}
