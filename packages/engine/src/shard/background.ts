import { setTimeout as sleep } from 'node:timers/promises';
import type { ShardState } from '../state/shard-state.ts';
import type { PointIndex } from '../vector/point-index.ts';
import type { EngineLogger } from './logger.ts';
import type { Turns } from '../apply/turns.ts';

/** A pause of the loop when there is nothing to do. */
const IDLE_MS = 20;
/** After so long with nothing to do it is looked for less often, until told that there may be something: of a thousand shards most are idle. */
const QUIET_AFTER_MS = 1_000;
const QUIET_MS = 1_000;
/** A flush is due when this many changes wait, or the oldest has waited this long: it bounds what a restart replays. */
const FLUSH_CHANGES = 512;
const FLUSH_MS = 250;
/** The graph is saved when this many elements, or this share, are new; what is not saved, a restart inserts again. */
const SAVE_CHANGES = 5_000;
const SAVE_SHARE = 0.1;
/** Between two saves, and after a failed one. */
const GRAPH_PAUSE_MS = 30_000;

/**
 * What a replica does when nobody waits for it: moves buffered vectors into the graph, flushes, rebuilds and saves the
 * graph. Work on the event loop comes in slices with a turn for everybody else in between.
 */
export class Background {
  readonly #state: ShardState;
  readonly #index: PointIndex;
  readonly #turns: Turns;
  readonly #logger: EngineLogger;
  readonly #onFailure: (cause: unknown) => void;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  /** Ends the pause of a loop that looks less often. */
  #pause: AbortController | undefined;
  #flush: Promise<void> | undefined;
  /** A rebuild or a save; one at a time. Does not reject. */
  #graphWork: Promise<void> | undefined;
  #flushedAt = 0;
  #graphSavedAt = 0;
  #graphRetryAt = 0;

  constructor(parts: {
    readonly state: ShardState;
    readonly index: PointIndex;
    readonly turns: Turns;
    readonly logger: EngineLogger;
    readonly onFailure: (cause: unknown) => void;
  }) {
    this.#state = parts.state;
    this.#index = parts.index;
    this.#turns = parts.turns;
    this.#logger = parts.logger;
    this.#onFailure = parts.onFailure;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** There may be something to do. */
  wake(): void {
    this.#pause?.abort();
  }

  /** Returns when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    await Promise.all([this.#flush, this.#graphWork]);
  }

  /** Saves the graph where what a load of the saved one would lack is worth it; waits for a rebuild or save under way. */
  async saveIfWorth(): Promise<void> {
    while (this.#graphWork !== undefined) await this.#graphWork;
    if (this.#worthSaving) await this.#startGraphWork('save');
  }

  /** Does what no rebuild and no save may go along with, when none is under way; none begins meanwhile. */
  async alone(work: () => Promise<void>): Promise<void> {
    while (this.#graphWork !== undefined) await this.#graphWork;
    const working = work();
    const ended = (): void => (this.#graphWork = undefined);
    this.#graphWork = working.then(ended, ended);
    await working;
  }

  async #run(): Promise<void> {
    this.#flushedAt = this.#graphSavedAt = performance.now();
    let busyAt = performance.now();
    while (!this.#stopping.signal.aborted) {
      let moved = false;
      try {
        moved = this.#turn();
      } catch (cause) {
        this.#onFailure(cause);
        return;
      }
      if (moved || this.#state.dirty) busyAt = performance.now();
      if (!moved && performance.now() - busyAt < QUIET_AFTER_MS) await sleep(IDLE_MS);
      else if (!moved) await this.#rest();
      await this.#turns.next();
    }
  }

  async #rest(): Promise<void> {
    this.#pause = new AbortController();
    await sleep(QUIET_MS, undefined, { signal: this.#pause.signal }).catch(() => undefined);
    this.#pause = undefined;
  }

  #turn(): boolean {
    const now = performance.now();
    const flushDue = this.#state.unflushed >= FLUSH_CHANGES || now - this.#flushedAt >= FLUSH_MS;
    if (flushDue && this.#state.dirty) this.#startFlush(now);
    const due = this.#graphWork === undefined ? this.#graphWorkDue(now) : undefined;
    if (due !== undefined) void this.#startGraphWork(due);
    return this.#index.drain(now, this.#turns.sliceMs);
  }

  #startFlush(now: number): void {
    if (this.#flush !== undefined) return;
    this.#flushedAt = now;
    const flush = async (): Promise<void> => {
      try {
        await this.#state.flush();
      } catch (cause) {
        // What could not be written is in the log, and nothing more is written over it.
        this.#stopping.abort();
        this.#onFailure(cause);
      }
      this.#flush = undefined;
    };
    this.#flush = flush();
  }

  /** The graph is a cache of the points: when it cannot be written, that is said, tried again later, and no reason to stop. */
  #startGraphWork(due: 'rebuild' | 'save'): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        await (due === 'rebuild' ? this.#rebuild() : this.#index.save());
      } catch (cause) {
        // A rebuild that was told to stop is no failure.
        if (!this.#stopping.signal.aborted) this.#logger.error({ err: cause }, `cannot ${due} the graph`);
        this.#graphRetryAt = performance.now() + GRAPH_PAUSE_MS;
      }
      this.#graphSavedAt = performance.now();
      this.#graphWork = undefined;
      this.wake();
    };
    this.#graphWork = work();
    return this.#graphWork;
  }

  #graphWorkDue(now: number): 'rebuild' | 'save' | undefined {
    if (now < this.#graphRetryAt) return undefined;
    if (this.#index.needsRebuild) return 'rebuild';
    return this.#worthSaving && now - this.#graphSavedAt >= GRAPH_PAUSE_MS ? 'save' : undefined;
  }

  get #worthSaving(): boolean {
    const { indexed } = this.#index.stats();
    return this.#index.unsaved >= Math.max(SAVE_CHANGES, indexed * SAVE_SHARE);
  }

  async #rebuild(): Promise<void> {
    this.#logger.info(this.#index.stats(), 'rebuilding the graph without its dead elements');
    await this.#index.rebuild((id) => this.#state.versions(id)?.vectorVersion, this.#stopping.signal);
  }
}
