import { VectorizerError } from '@vectorizer/client';
import { cutBatches, firstOfBatch, takeRows, type Batch, type PointRow } from './batches.ts';
import { Patience, type PatienceOptions } from './patience.ts';
import type { PointSource } from '@vectorizer/command-line';
import { WRITE_TIMEOUT_MS, type StoredPoints } from './stored-points.ts';

/**
 * Loads a file batch after batch, one in flight, each one request and one entry of each shard's log. However often it
 * is interrupted, the log and so every version come out as if it had not been:
 *
 * - A write whose answer was lost is looked for before it is sent again, until it can no longer arrive.
 * - Where to go on is read from the collection. Batches are sent in order, so the first one that creates a point is the
 *   first that was not there: until then each batch is looked for first, and from then on none is.
 * - Only the rows that are missing are sent. Rows that the server refuses leave no trace in the log, so they may be
 *   sent again; and of a batch that reached some shards and not others, the rest goes where it was missing.
 */
export class Loader {
  readonly #parts: LoaderParts;
  readonly #tally = { created: 0, present: 0, refused: 0, reached: 0 };
  /** Batches may be there already. */
  #resuming: boolean;
  /** Until then, what an interrupted load sent last may still arrive. */
  #settled = 0;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
    this.#resuming = parts.resuming;
  }

  get tally(): Tally {
    return this.#tally;
  }

  async run(): Promise<void> {
    const { source, limit, batchSize, timing, patience } = this.#parts;
    this.#settled = performance.now() + timing.resumeSettleMs;
    const done = this.#resuming ? await this.#lastPresentRow() : undefined;
    const from =
      done === undefined || !source.seekable ? 0 : await firstOfBatch(source, { row: done, size: batchSize });
    if (from > 0) await this.#compareFirst(source);
    this.#tally.present += from;
    let unknown = this.#resuming;
    for await (const batch of cutBatches(takeRows(source.read(from), limit - from), batchSize)) {
      patience.stop.throwIfAborted();
      for (const { row, refused } of batch.refused) this.#refuse(row, refused);
      if (unknown) await this.#parts.stored.compare(batch.points);
      unknown = false;
      if (done !== undefined && batch.end <= done) this.#tally.present += batch.points.length;
      else await this.#load(batch);
      this.#tally.reached = batch.end;
      this.#parts.onProgress(this.#tally);
    }
  }

  async #lastPresentRow(): Promise<number | undefined> {
    const { source, limit, stored, batchSize } = this.#parts;
    if (!source.numbered || source.rows === undefined) return undefined;
    return stored.lastPresentRow(Math.min(source.rows, limit), batchSize);
  }

  async #compareFirst(source: PointSource): Promise<void> {
    for await (const batch of cutBatches(source.read(0), this.#parts.batchSize)) {
      await this.#parts.stored.compare(batch.points);
      return;
    }
  }

  async #load({ points, first }: Batch): Promise<void> {
    let rows = points;
    if (this.#resuming) {
      rows = await this.#parts.stored.missing(points, this.#settled);
      this.#tally.present += points.length - rows.length;
    }
    if (rows.length === 0) return;
    const before = this.#tally.created;
    await this.#write(rows);
    if (!this.#resuming || this.#tally.created === before) return;
    this.#resuming = false;
    if (this.#tally.present > 0) this.#parts.onResume(first);
  }

  async #write(points: readonly PointRow[]): Promise<void> {
    const { stored, timing } = this.#parts;
    const patience = new Patience(this.#parts.patience);
    let [rows, inDoubt] = [points, false];
    while (rows.length > 0) {
      const sentAt = performance.now();
      try {
        const { results } = await stored.insert(rows);
        for (const { index, error } of results) {
          const arrivedLate = inDoubt && error?.type === 'vector_already_exists';
          if (error === undefined || arrivedLate) this.#tally.created += 1;
          else this.#refuse(rows[index]?.row ?? index, withoutPlace(error.message));
        }
        return;
      } catch (error) {
        await patience.after(error);
        const mayArrive = isInDoubt(error);
        inDoubt ||= mayArrive;
        const missing = await stored.missing(rows, mayArrive ? sentAt + timing.writeSettleMs : 0);
        this.#tally.created += rows.length - missing.length;
        rows = missing;
      }
    }
  }

  #refuse(row: number, reason: string): void {
    this.#tally.refused += 1;
    this.#parts.onRefused(row, reason);
  }
}

export type LoaderParts = {
  readonly source: PointSource;
  readonly stored: StoredPoints;
  readonly batchSize: number;
  /** How many rows of the file are loaded; Infinity for all. */
  readonly limit: number;
  /** Whether rows of the file may be in the collection. */
  readonly resuming: boolean;
  readonly patience: PatienceOptions;
  readonly timing: Timing;
  readonly onRefused: (row: number, reason: string) => void;
  readonly onResume: (row: number) => void;
  readonly onProgress: (tally: Tally) => void;
};

export type Timing = {
  /** How long a write that nobody answered for may take to arrive in the log, from when it was sent. */
  readonly writeSettleMs: number;
  /** The same for what a load that was killed had sent, from when this one began: its connection is gone. */
  readonly resumeSettleMs: number;
};

/** A publish that is under way when the write's time is up is given up after 2 s more. */
export const TIMING: Timing = { writeSettleMs: WRITE_TIMEOUT_MS + 2_000, resumeSettleMs: 1_000 };

export type Tally = {
  readonly created: number;
  readonly present: number;
  readonly refused: number;
  /** The rows before this one have been dealt with. */
  readonly reached: number;
};

/** Whether the log may yet come to hold a write that failed so. What it holds already, a strong read will tell. */
function isInDoubt(error: unknown): boolean {
  if (!(error instanceof VectorizerError)) return true;
  const { code, logged } = error.details;
  return error.status !== 429 && code !== 'ECONNREFUSED' && logged !== true;
}

/** The place in the request means nothing to a reader who knows rows. */
function withoutPlace(message: string): string {
  return message.replace(/^points\[\d+\](?:\.|: )?/, '');
}
