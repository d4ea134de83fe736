import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchResult, Collection, Point, VectorizerClient } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';
import type { PointRow } from './batches.ts';
import { lastPresentRow } from './last-present-row.ts';
import { patiently, type PatienceOptions } from './patience.ts';

/** Until when the server answers a write; what it could not log by then it withdraws. */
export const WRITE_TIMEOUT_MS = 5_000;
/** Between looks at whether a write that nobody answered for has arrived. */
const LOOK_AGAIN_MS = 100;
/** So many points of a batch tell whether it came from this file. */
const COMPARED = 10;

export type StoreParts = {
  readonly client: VectorizerClient;
  readonly collection: Pick<Collection, 'name' | 'uid'>;
  /** Names the file in the keys of its batches. */
  readonly identity: readonly (string | number)[];
  readonly patience: PatienceOptions;
};

/** What of the file is in the collection. Reads are strong: they count every write that is in the log. */
export class StoredPoints {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /**
   * Creates the points, once. `insert` changes no point that is there, and the key is a function of the rows, so a
   * request that comes twice, however late, does nothing more.
   */
  async insert(rows: readonly PointRow[]): Promise<BatchResult> {
    const { client, collection, identity } = this.#parts;
    const ids = rows.map(({ point }) => point.id);
    const key = createHash('sha256')
      .update(JSON.stringify([collection.uid, identity, ids]))
      .digest('hex');
    const points = rows.map(({ point }) => point);
    return client.insert(collection.name, points, {
      wait: 'applied',
      timeoutMs: WRITE_TIMEOUT_MS,
      idempotencyKey: key,
    });
  }

  /** The rows that there are no points of, looking again until `until` for what may be on its way. */
  async missing(rows: readonly PointRow[], until: number): Promise<PointRow[]> {
    for (;;) {
      const { missing } = await this.#get(rows.map(({ point }) => point.id));
      if (missing.length === 0 || performance.now() >= until) {
        const ids = new Set(missing);
        return rows.filter(({ point }) => ids.has(point.id));
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal: this.#parts.patience.stop });
    }
  }

  /** A row that is there, so that all batches before its own are done; undefined when there is no telling. */
  async lastPresentRow(rows: number, batchSize: number): Promise<number | undefined> {
    const { client, collection, patience } = this.#parts;
    const { count } = await patiently(patience, () => client.count(collection.name, { consistency: 'strong' }));
    if (count === 0) return undefined;
    const row = await lastPresentRow(rows, async (first, end) => {
      const { points } = await this.#get(Array.from({ length: end - first }, (_, place) => String(first + place)));
      return points.length === 0 ? undefined : Math.max(...points.map(({ id }) => Number(id)));
    });
    // With fewer points than rows before it, some were refused, or somebody else wrote this one.
    return row === undefined || count + batchSize <= row ? undefined : row;
  }

  /** Throws when there are other points than these under their ids: the collection was not filled from this file. */
  async compare(rows: readonly PointRow[]): Promise<void> {
    const some = rows.slice(0, COMPARED);
    if (some.length === 0) return;
    const stored = await this.#get(
      some.map(({ point }) => point.id),
      true,
    );
    const byId = new Map(stored.points.map((point) => [point.id, point]));
    for (const { row, point } of some) {
      const found = byId.get(point.id);
      if (found === undefined || isSame(found, point)) continue;
      const problem = `${this.#parts.collection.name} holds another point under the id ${JSON.stringify(point.id)} of row ${row}`;
      throw new Failure('vector_already_exists', `${problem}; load into another collection, or delete this one first`);
    }
  }

  async #get(ids: readonly string[], whole = false): Promise<{ points: readonly Point[]; missing: readonly string[] }> {
    const { client, collection, patience } = this.#parts;
    const asked = { ids: [...new Set(ids)], with_payload: whole, with_vector: whole, consistency: 'strong' } as const;
    return patiently(patience, () => client.get(collection.name, asked));
  }
}

function isSame(stored: Point, { vector, payload = null }: PointRow['point']): boolean {
  const { vector: found = [], payload: foundPayload = null } = stored;
  const sameVector =
    found.length === vector.length && vector.every((each, place) => each === Math.fround(found[place] ?? NaN));
  return sameVector && JSON.stringify(foundPayload) === JSON.stringify(payload);
}
