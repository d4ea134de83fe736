import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Filter,
  Hnsw,
  Kind,
  Metric,
  PayloadIndex,
  Quantization,
  ReplicaReport,
  RequestOutcome,
  SearchSpec,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { prepare, type Ground, type LoggedEntry, type Prepared } from '../apply/prepare.ts';
import { Slices } from '../apply/slices.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { PayloadIndexes, type StagedPayloads } from '../payload-index/payload-indexes.ts';
import { RowCodes } from '../payload-index/row-codes.ts';
import { checkState } from '../snapshot/check-state.ts';
import { GRAPH_DIRECTORY, POINTS_FILE, writeSnapshot, type Written } from '../snapshot/write-snapshot.ts';
import { ShardState } from '../state/shard-state.ts';
import { createIndex } from '../vector/create-index.ts';
import { NOTHING_SAVED } from '../vector/sealed-file.ts';
import type { PointIndex } from '../vector/point-index.ts';
import { Background } from './background.ts';
import { Gate } from './gate.ts';
import { HeldStates } from './held-states.ts';
import { silent, type EngineLogger } from './logger.ts';
import { countPoints, readPoints, scrollPoints, type Counted, type Found, type Page } from './reads.ts';
import type { ScrollSpec } from './scan.ts';
import {
  checkQuery,
  search,
  searchIndex,
  type SearchGround,
  type ShardSearchResult,
  type TimedSearch,
} from './search.ts';
import { Turns, type Haste } from '../apply/turns.ts';
import type { Fields } from './views.ts';

/** Scans that look at every point take turns slice by slice; more at once would only make each slice wait longer. */
const SCANS = { running: 2, waiting: 256 } as const;
/** While the buffer is full and its vectors have not settled. */
const ROOM_PAUSE_MS = 5;
/** More changes than this get a slice of their own when they are made visible; about 2 µs each. */
const SHOWN_IN_PASSING_MAX = 250;

export type ShardOptions = {
  /** Made if it is absent; belongs to this replica alone. */
  readonly directory: string;
  readonly dimension: number;
  readonly kind: Kind;
  readonly metric: Metric;
  readonly hnsw: Hnsw;
  /** Of a quantized collection; absent, its defaults. */
  readonly quantization?: Quantization | undefined;
  /** Nothing is searched here: an index that is saved is left as it is, and none is kept. */
  readonly withoutIndex?: boolean;
  /** May be changed later. */
  readonly payloadIndexes?: readonly PayloadIndex[];
  /** Where a gpu collection finds its device; without it, it is searched on the processor. */
  readonly gpu?: Gpu | undefined;
  /** Of the process, so that the background work of one shard gives way to searches of all; absent, the shard has its own. */
  readonly turns?: Turns;
  readonly logger?: EngineLogger;
  /** Called once when the replica cannot go on (disk full, corrupt file); `apply` then fails with the same. */
  readonly onFailure?: (failure: Failure) => void;
  /** For tests; the defaults suit everything else. */
  readonly bufferRowsMax?: number;
  readonly deadMin?: number;
  readonly requestsMax?: number;
};

/** Where a replica is in its log, and what it can prove about the way there. */
export type Position = {
  readonly sequence: number;
  readonly chain: string;
  /** SHA-256 of the last applied entry. */
  readonly digest: string;
  /** The creation time of the log that this state is of; null until `bind`. */
  readonly created: string | null;
};
const ON_THE_PROCESSOR = { backend: 'cpu', device: null, backend_reason: null } as const;
export type ShardReport = Omit<ReplicaReport, 'node' | 'uid' | 'shard' | 'phase' | 'reason'>;

/**
 * One replica of one shard: applies the log in order and answers reads. A read reflects whole entries only, and says
 * up to which sequence. One caller applies; any number read.
 */
export class Shard {
  readonly #state: ShardState;
  readonly #index: PointIndex;
  readonly #payloadIndexes: PayloadIndexes;
  readonly #ground: SearchGround;
  readonly #background: Background;
  readonly #graphDirectory: string;
  readonly #logger: EngineLogger;
  readonly #scans = new Gate(SCANS);
  readonly #turns: Turns;
  readonly #slices: Slices;
  readonly #onFailure: ((failure: Failure) => void) | undefined;
  #failure: Failure | undefined;
  #applying = false;

  private constructor(state: ShardState, index: PointIndex, options: ShardOptions & { readonly turns: Turns }) {
    const { logger = silent, turns } = options;
    this.#logger = logger;
    this.#turns = turns;
    this.#slices = new Slices(Infinity, turns);
    this.#state = state;
    this.#index = index;
    this.#payloadIndexes = new PayloadIndexes({
      source: state,
      newCodes: () => new RowCodes(options),
      onFailure: (cause) => this.#fail(cause),
    });
    this.#payloadIndexes.declare(options.payloadIndexes ?? []);
    this.#ground = {
      state,
      index,
      payloadIndexes: this.#payloadIndexes,
      scans: this.#scans,
      efDefault: options.hnsw.ef_search,
      held: new HeldStates(),
    };
    this.#onFailure = options.onFailure;
    this.#graphDirectory = join(options.directory, GRAPH_DIRECTORY);
    this.#background = new Background({ state, index, turns, logger, onFailure: (cause) => this.#fail(cause) });
  }

  static async open(given: ShardOptions): Promise<Shard> {
    const { turns = new Turns() } = given;
    const options = { ...given, turns };
    const graphDirectory = join(options.directory, GRAPH_DIRECTORY);
    await mkdir(graphDirectory, { recursive: true });
    const state = await ShardState.open(join(options.directory, POINTS_FILE), options);
    try {
      const index = createIndex({
        ...options,
        directory: graphDirectory,
        vectorOf: (id) => state.vector(id),
      });
      const points = options.withoutIndex === true ? new Map() : await state.allVersions();
      const { reason } = await index.load(points);
      if (reason !== undefined && reason !== NOTHING_SAVED && state.meta.points > 0) {
        options.logger?.warn({ reason, points: state.meta.points }, 'the saved index is of no use: it is built anew');
      }
      return new Shard(state, index, options);
    } catch (cause) {
      await state.close();
      throw cause;
    }
  }

  get position(): Position {
    const { sequence, chain, digest, created } = this.#state.proven;
    return { sequence, chain, digest, created };
  }

  /** Of the last applied entry. */
  get sequence(): number {
    return this.#state.meta.sequence;
  }

  /** Applied, over the life of the log. */
  get operations(): number {
    return this.#state.meta.operations_applied;
  }

  /** Whether its searches run on a GPU now. */
  get onGpu(): boolean {
    return this.#index.backend?.backend === 'gpu';
  }

  /** Ties the replica to one life of its log, by the log's creation time; null frees it for a log that is to be. */
  bind(created: string | null): void {
    this.#state.bind(created);
    this.#background.wake();
  }

  /**
   * Applies the next entry: works it out in slices that yield to searches, waits for room in memory, then makes it
   * visible in one step. Throws only when this node cannot go on; a fault of the entry is an outcome.
   */
  async apply(entry: LoggedEntry): Promise<readonly RequestOutcome[]> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.#applying, 'one entry is applied at a time');
    assert.equal(entry.sequence, this.#state.meta.sequence + 1, 'entries are applied in order, without gaps');
    this.#applying = true;
    try {
      if (this.#state.full) await this.#state.flush();
      const prepared = await prepare(this.#base(), entry, this.#slices);
      const payloads = await this.#payloadIndexes.stage(prepared, this.#slices);
      await this.#makeRoom(prepared);
      if (this.#slices.due || prepared.points.size > SHOWN_IN_PASSING_MAX) await this.#slices.next();
      this.#show(prepared, payloads);
      return prepared.results;
    } catch (cause) {
      throw this.#fail(cause);
    } finally {
      this.#applying = false;
    }
  }

  search(spec: TimedSearch): ShardSearchResult | Promise<ShardSearchResult> {
    return search(this.#ground, spec);
  }

  /** The search without a filter, approximate, of an index that answers at once. */
  searchNow(spec: SearchSpec): ShardSearchResult {
    checkQuery(this.#state.meta, spec.vector);
    const result = searchIndex(this.#ground, spec);
    assert(!(result instanceof Promise), 'the index answers at once');
    return result;
  }

  /** In the order asked; absent ones are left out. */
  read(ids: readonly string[], fields: Fields): Found {
    return readPoints(this.#ground, ids, fields);
  }

  /** In the order of the ids' UTF-8 bytes. */
  scroll(spec: ScrollSpec): Promise<Page> {
    return scrollPoints(this.#ground, spec);
  }

  async count(filter?: Filter, deadline?: number): Promise<Counted> {
    return countPoints(this.#ground, filter, deadline);
  }

  /**
   * What a request came to, if it is remembered. With the sequence at which it was logged, a replay says so, and a
   * refused reuse of another request's id is told apart from it.
   */
  outcome(requestId: string, sequence?: number): RequestOutcome | undefined {
    return this.#state.requests.outcome(requestId, sequence);
  }

  report(): ShardReport {
    const meta = this.#state.proven;
    return {
      applied_sequence: meta.sequence,
      durable_sequence: this.#state.durableSequence,
      points: meta.points,
      ...this.#index.stats(),
      ...(this.#index.backend ?? ON_THE_PROCESSOR),
      state_hash: meta.state_hash,
      chain: meta.chain,
      bytes_received: meta.bytes_received,
      entries_applied: meta.entries_applied,
      operations_applied: meta.operations_applied,
      entries_rejected: meta.entries_rejected,
      last_applied_at: meta.last_applied_at,
      payload_indexes: this.#payloadIndexes.report(),
    };
  }

  /** From here on the replica looks after itself: graph, flushes, rebuilds, saves. */
  startBackground(): void {
    this.#background.start();
    this.#payloadIndexes.start();
  }

  /**
   * Behind its log, a replica is `patient` where nobody waits for it, so that searches of other shards go first, and `urgent`
   * where it must not fall further behind. In both, what changes cost the index is put off until it has caught up: searches
   * stay right, and take longer.
   */
  hurry(haste: Haste): void {
    if (this.#slices.haste === haste) return;
    this.#slices.haste = haste;
    this.#index.hurry?.(haste !== 'usual');
    this.#background.wake();
  }

  /** Indexes that are new are built in the background, those that are not named are dropped. Filters find the same either way. */
  declarePayloadIndexes(indexes: readonly PayloadIndex[]): void {
    this.#payloadIndexes.declare(indexes);
  }

  /** Everything applied before the call is on disk after it. */
  async flush(): Promise<void> {
    await this.#state.flush();
  }

  /** Moves what has settled in the buffer into the graph and saves the graph. */
  async saveGraph(): Promise<void> {
    await this.#background.alone(async () => {
      while (this.#index.drain(performance.now(), this.#turns.sliceMs)) await this.#turns.next();
      await this.#index.save();
    });
  }

  /**
   * Writes a copy of the whole replica at one sequence into a directory, while it goes on, and reads it again; throws a
   * failure that `isDamaged` when that is not what was written.
   */
  async writeSnapshot(
    directory: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Written> {
    await this.#background.saveIfWorth();
    const [state, graphDirectory, turns] = [this.#state, this.#graphDirectory, this.#turns];
    return writeSnapshot({ state, graphDirectory, directory, signal, turns });
  }

  /**
   * Reads all that is stored again; throws a failure that `isDamaged` when it is not what was written. Takes a fifth of
   * the time of the event loop, in slices, or up to a half to be through within `withinMs`; `hurried` takes what it gets.
   */
  async verify(
    how: { readonly signal?: AbortSignal; readonly hurried?: boolean; readonly withinMs?: number } = {},
  ): Promise<{ sequence: number; at: string }> {
    const { proven } = this.#state;
    using snapshot = this.#state.snapshot();
    await checkState(snapshot, proven, { ...how, turns: this.#turns });
    return { sequence: proven.sequence, at: new Date().toISOString() };
  }

  /** The caller has stopped applying. After a failure nothing more is written. */
  async close(): Promise<void> {
    assert(!this.#applying, 'the caller stops applying before it closes');
    await Promise.all([this.#background.stop(), this.#payloadIndexes.stop()]);
    try {
      if (this.#failure !== undefined) return;
      await this.#state.flush();
      await this.#saveAtClose();
    } finally {
      this.#index.close?.();
      await this.#state.close();
    }
  }

  /** Without it the next opening builds anew what is not saved, so a failure is only said. */
  async #saveAtClose(): Promise<void> {
    if (this.#index.unsaved === 0) return;
    try {
      await this.#index.save();
    } catch (cause) {
      this.#logger.error({ err: cause }, 'cannot save the graph');
    }
  }

  /** What an entry is worked out on. */
  #base(): Ground {
    const state = this.#state;
    return {
      meta: state.meta,
      requests: state.requests,
      point: (id) => state.point(id),
      snapshot: () => state.snapshot(),
      candidates: (filter) => this.#payloadIndexes.candidates(filter),
    };
  }

  async #makeRoom({ points, before }: Prepared): Promise<void> {
    let vectors = 0;
    for (const [id, next] of points)
      if (next !== undefined && next.vectorVersion !== before.get(id)?.vectorVersion) vectors += 1;
    assert(vectors <= this.#index.capacity, 'an entry fits the buffer');
    while (this.#index.room < vectors) {
      const moved = this.#index.drain(performance.now(), this.#turns.sliceMs);
      await (moved ? this.#turns.next(this.#slices.haste) : sleep(ROOM_PAUSE_MS));
    }
  }

  /** Synchronous, so that no reader sees half of an entry. */
  #show(prepared: Prepared, payloads: StagedPayloads): void {
    const now = performance.now();
    for (const [id, next] of prepared.points) {
      if (next === undefined) this.#index.remove(id);
      else if (next.vectorVersion === prepared.before.get(id)?.vectorVersion) this.#index.touch(id, next.version);
      else this.#index.upsert(id, next.vector, { version: next.vectorVersion, now });
    }
    this.#payloadIndexes.show(prepared, payloads);
    this.#state.advance(prepared);
    this.#background.wake();
  }

  #fail(cause: unknown): Failure {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = Failure.from(cause);
    this.#onFailure?.(this.#failure);
    return this.#failure;
  }
}
