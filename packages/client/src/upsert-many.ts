import { untilStopped } from './http/until-stopped.ts';
import type { WriteOptions } from './types/options.ts';
import type { BatchResult, ItemError, UpsertInput } from './types/points.ts';
import { withWireVector } from './wire-vector.ts';

/** The most that one request may hold; fewer make more requests, and a lost one costs less. */
const BATCH_SIZE_MAX = 1_000;
const BATCH_SIZE = 500;
const CONCURRENCY = 4;
/** A character is at most three bytes of UTF-8, and a body may have 32 MiB. */
const BODY_CHARACTERS_MAX = 8 * 1024 * 1024;
/** Failures that the result holds; `onFailed` is told of all. */
const FAILURES_MAX = 100;

export type FailedPoint = {
  /** Its place in what was given, from 0. */
  readonly index: number;
  readonly id: string | null;
  readonly error: ItemError;
};
export type UpsertProgress = {
  /** Points that were answered, and what they came to. */
  readonly points: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly batches: number;
  readonly elapsedMs: number;
};
export type UpsertManyOptions = Omit<WriteOptions, 'idempotencyKey'> & {
  /** Points in a request, 1 to 1,000 (500); fewer where they are large. */
  readonly batchSize?: number | undefined;
  /** Requests under way at once (4). With 1 they are written in order; with more, the later of two equal ids may be written first. */
  readonly concurrency?: number | undefined;
  /** After each request. */
  readonly onProgress?: ((progress: UpsertProgress) => void) | undefined;
  /** With each request of which some points were refused. */
  readonly onFailed?: ((failed: readonly FailedPoint[]) => void) | undefined;
};
export type UpsertManyResult = UpsertProgress & {
  /** The first 100. */
  readonly failures: readonly FailedPoint[];
};

type Batch = { readonly first: number; readonly points: number; readonly body: string };
/** Sends one batch, as JSON text. */
export type SendBatch = (body: string) => Promise<BatchResult>;

/**
 * Writes points as they come, a batch at a time. No more is read than is under way, so memory is bounded however many there
 * are, and a slow server slows the source. A request that fails for good stops it all and is thrown: points that were
 * answered before are written. Points that are refused one by one stop nothing.
 */
export async function upsertMany(
  points: AsyncIterable<UpsertInput> | Iterable<UpsertInput>,
  send: SendBatch,
  options: UpsertManyOptions,
): Promise<UpsertManyResult> {
  const concurrency = whole('concurrency', options.concurrency ?? CONCURRENCY, 64);
  const batchSize = whole('batchSize', options.batchSize ?? BATCH_SIZE, BATCH_SIZE_MAX);
  const tally = new Tally(options);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  const write = async (batch: Batch): Promise<void> => {
    try {
      tally.add(batch, await send(batch.body));
    } catch (error) {
      stop.abort(error);
    }
  };
  try {
    const signals = [stop.signal, options.signal];
    for await (const batch of cut(untilStopped(points, signals), batchSize)) {
      const work: Promise<void> = write(batch).finally(() => running.delete(work));
      running.add(work);
      if (running.size >= concurrency) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  stop.signal.throwIfAborted();
  return tally.result;
}

async function* cut(points: AsyncIterable<UpsertInput>, size: number): AsyncGenerator<Batch> {
  let [first, characters]: [number, number] = [0, 0];
  let texts: string[] = [];
  const batch = (): Batch => ({ first, points: texts.length, body: `{"points":[${texts.join(',')}]}` });
  for await (const point of points) {
    const text = JSON.stringify(withWireVector(point));
    if (texts.length >= size || (texts.length > 0 && characters + text.length > BODY_CHARACTERS_MAX)) {
      yield batch();
      first += texts.length;
      [texts, characters] = [[], 0];
    }
    texts.push(text);
    characters += text.length;
  }
  if (texts.length > 0) yield batch();
}

class Tally {
  readonly #options: UpsertManyOptions;
  readonly #begun = performance.now();
  readonly #failures: FailedPoint[] = [];
  #points = 0;
  #failed = 0;
  #batches = 0;

  constructor(options: UpsertManyOptions) {
    this.#options = options;
  }

  get result(): UpsertManyResult {
    return { ...this.#progress, failures: this.#failures };
  }

  add({ first, points }: Batch, { failed, results }: BatchResult): void {
    this.#points += points;
    this.#failed += failed;
    this.#batches += 1;
    if (failed > 0) this.#note(first, results);
    this.#options.onProgress?.(this.#progress);
  }

  #note(first: number, results: BatchResult['results']): void {
    const failed = results.flatMap(({ index, id, error }) =>
      error === undefined ? [] : [{ index: first + index, id, error }],
    );
    this.#failures.push(...failed.slice(0, FAILURES_MAX - this.#failures.length));
    this.#options.onFailed?.(failed);
  }

  get #progress(): UpsertProgress {
    const [points, failed] = [this.#points, this.#failed];
    const elapsedMs = performance.now() - this.#begun;
    return { points, succeeded: points - failed, failed, batches: this.#batches, elapsedMs };
  }
}

function whole(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`${name}: expected 1 to ${max}, got ${value}`);
}
