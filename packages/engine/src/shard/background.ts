import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises';
import type { ShardState } from '../state/shard-state.ts';
import type { VectorIndex } from '../vector/vector-index.ts';
import type { EngineLogger } from './logger.ts';

/** A pause of the loop when there is nothing to do. */
const IDLE_MS = 20;
/** A flush is due when this many changes wait, or the oldest has waited this long: it bounds what a restart replays. */
const FLUSH_CHANGES = 512;
const FLUSH_MS = 250;
/** The graph is saved when this many elements, or this share, are new; what is not saved, a restart inserts again. */
const SAVE_CHANGES = 5_000;
const SAVE_SHARE = 0.1;
const SAVE_PAUSE_MS = 30_000;

/**
 * What a replica does when nobody waits for it: moves buffered vectors into the graph, flushes, rebuilds and saves the
 * graph. Work on the event loop comes in slices with a turn for everybody else in between.
 */
export class Background {
  readonly #state: ShardState;
  readonly #index: VectorIndex;
  readonly #logger: EngineLogger;
  readonly #onFailure: (cause: unknown) => void;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #flush: Promise<void> | undefined;
  /** A rebuild or a save; one at a time. */
  #graphWork: Promise<void> | undefined;
  #flushedAt = 0;
  #savedAt = 0;

  constructor(parts: {
    readonly state: ShardState;
    readonly index: VectorIndex;
    readonly logger: EngineLogger;
    readonly onFailure: (cause: unknown) => void;
  }) {
    this.#state = parts.state;
    this.#index = parts.index;
    this.#logger = parts.logger;
    this.#onFailure = parts.onFailure;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Returns when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await Promise.all([this.#flush, this.#graphWork]);
  }

  async #run(): Promise<void> {
    this.#flushedAt = this.#savedAt = performance.now();
    while (!this.#stopping.signal.aborted) {
      let moved = false;
      try {
        moved = this.#turn();
      } catch (cause) {
        this.#onFailure(cause);
        return;
      }
      await (moved ? yieldToOthers() : sleep(IDLE_MS));
    }
  }

  #turn(): boolean {
    const now = performance.now();
    const flushDue = this.#state.unflushed >= FLUSH_CHANGES || now - this.#flushedAt >= FLUSH_MS;
    if (flushDue && this.#state.dirty) this.#startFlush(now);
    if (this.#graphWork === undefined) this.#startGraphWork(now);
    return this.#index.drain(now);
  }

  #startFlush(now: number): void {
    if (this.#flush !== undefined) return;
    this.#flushedAt = now;
    this.#flush = this.#guard(this.#state.flush()).finally(() => (this.#flush = undefined));
  }

  #startGraphWork(now: number): void {
    const work = this.#graphWorkDue(now);
    if (work === undefined) return;
    this.#graphWork = this.#guard(work).finally(() => {
      this.#savedAt = performance.now();
      this.#graphWork = undefined;
    });
  }

  #graphWorkDue(now: number): Promise<void> | undefined {
    const versionOf = (id: string): number | undefined => this.#state.versions(id)?.vectorVersion;
    if (this.#index.needsRebuild) {
      this.#logger.info(this.#index.stats(), 'rebuilding the graph without its dead elements');
      return this.#index.rebuild(versionOf, this.#stopping.signal);
    }
    const { indexed } = this.#index.stats();
    const worth = this.#index.unsaved >= Math.max(SAVE_CHANGES, indexed * SAVE_SHARE);
    return worth && now - this.#savedAt >= SAVE_PAUSE_MS ? this.#index.save() : undefined;
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      // A rebuild that was told to stop is no failure.
      if (!this.#stopping.signal.aborted) this.#onFailure(cause);
    }
  }
}
