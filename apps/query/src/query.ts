import type { Catalog } from '@vectorizer/cluster';
import {
  count,
  describe,
  heartbeat,
  progress,
  read,
  rollCall,
  scroll,
  search,
  slowQueries,
  type Bus,
  type CallContext,
  type CollectionUid,
  type Procedure,
  type ReplicaReport,
  type SearchAnswer,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { z } from 'zod';
import { showCache } from './cache/cache-metrics.ts';
import { SearchCache, type CacheFigures, type CacheOptions } from './cache/search-cache.ts';
import { Demands } from './demands.ts';
import { queryMetrics, type Read } from './query-metrics.ts';
import { knownCollection, Reads, type Input } from './reads.ts';
import { ReplicaTable } from './replica-table.ts';
import { SlowQueries } from './slow-queries.ts';
import { StageClock } from './stage-clock.ts';

const DISCONNECTED_AFTER_MS = 10_000;
export const SLOW_MS = 100;
const WARM_UP_MS_MAX = 5_000;
const NO_CACHE: CacheOptions = { bytesMax: 0, entryBytesMax: 0, ttlMs: 0, redis: undefined, redisMsMax: 0 };

export type QueryOptions = {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly logger: Logger;
  /** No answers are kept without. */
  readonly cache?: CacheOptions;
  /** A replica that was silent for longer is not asked. */
  readonly disconnectedAfterMs?: number;
  /** A read that takes this long, or longer, is remembered. */
  readonly slowMs?: number;
  /** Where this process answers HTTP. */
  readonly port?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

type ReadInput = z.ZodType<{ readonly uid: CollectionUid }>;
/** Handles a read, and tells the clock of its stages. */
type ClockedHandler<I extends z.ZodType, O> = (
  input: z.output<I>,
  context: CallContext,
  clock: StageClock,
) => Promise<O>;

/** The query service: plans a read, asks one replica of each shard that it concerns, and merges the answers. */
export class Query {
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #catalog: Catalog;
  readonly #table = new ReplicaTable();
  readonly #metrics = queryMetrics();
  readonly #cache: SearchCache;
  readonly #hideCache: () => void;
  readonly #reads: Reads;
  readonly #slow: SlowQueries;

  constructor(options: QueryOptions) {
    const {
      bus,
      catalog,
      log,
      disconnectedAfterMs = DISCONNECTED_AFTER_MS,
      now = (): number => performance.now(),
    } = options;
    this.#bus = bus;
    this.#logger = options.logger;
    this.#now = now;
    this.#catalog = catalog;
    this.#slow = new SlowQueries({ catalog, thresholdMs: options.slowMs ?? SLOW_MS, port: options.port ?? 0 });
    this.#cache = new SearchCache(options.cache ?? NO_CACHE, options.logger);
    this.#hideCache = showCache(() => this.#cache.figures);
    const demands = new Demands({ log, now, newest: (uid, shard) => this.#table.newest(uid, shard, now()) ?? 0 });
    this.#reads = new Reads({
      bus,
      table: this.#table,
      catalog,
      demands,
      cache: this.#cache,
      metrics: this.#metrics,
      now,
      disconnectedAfterMs,
    });
    catalog.onChange(({ kind, record }) => {
      if (kind !== 'dropped') return;
      this.#table.forget(record.uid);
      demands.forget(record.uid);
    });
  }

  /** What the cache has done so far, and whether the shared one is there. */
  get cacheFigures(): CacheFigures {
    return this.#cache.figures;
  }

  close(): void {
    this.#hideCache();
    this.#cache.close();
  }

  serve(): void {
    this.#bus.listen(heartbeat, (beat) => this.#table.hear(beat, this.#now(), (uid) => this.#catalog.findByUid(uid)));
    this.#bus.listen(progress, (told) =>
      this.#table.progressed(told, this.#now(), (uid) => this.#catalog.findByUid(uid)),
    );
    this.#bus.announce(rollCall, {});
    this.#serve(search, 'search', (...call) => this.#search(...call));
    this.#serve(read, 'read', (...call) => this.#reads.read(...call));
    this.#serve(scroll, 'scroll', (...call) => this.#reads.scroll(...call));
    this.#serve(count, 'count', (...call) => this.#reads.count(...call));
    this.#bus.serve(slowQueries, async (asked) => {
      const queries = this.#slow.find(asked);
      return Promise.resolve({ threshold_ms: this.#slow.thresholdMs, queries });
    });
    this.#bus.serve(describe, (input) => this.#describe(input));
    this.#cache.startWarmUp(async ({ uid, spec }) => {
      const context = { correlationId: 'warm-up', deadline: Date.now() + WARM_UP_MS_MAX };
      const input = { uid, consistency: 'eventual' as const, searches: [spec] };
      return this.#reads.search(input, context, new StageClock(this.#now));
    });
  }

  #serve<I extends ReadInput, O>(procedure: Procedure<I, O>, kind: Read, handler: ClockedHandler<I, O>): void {
    const seconds = this.#metrics.seconds[kind];
    this.#bus.serve(procedure, async (input, context) => {
      const startedMs = this.#now();
      const clock = new StageClock(this.#now);
      let failure: string | undefined;
      try {
        return await handler(input, context, clock);
      } catch (error) {
        const { type } = Failure.from(error);
        failure = type;
        this.#metrics.failures.inc({ procedure: kind, type });
        this.#logger.debug({ err: error, correlation_id: context.correlationId, procedure: kind }, 'read failed');
        throw error;
      } finally {
        const tookMs = this.#now() - startedMs;
        seconds.observe(tookMs / 1_000);
        const { stages } = clock;
        const { correlationId } = context;
        this.#slow.record({ procedure: kind, input, correlationId, tookMs, stages, failure });
      }
    });
  }

  async #search(...[input, context, clock]: Parameters<Reads['search']>): Promise<SearchAnswer> {
    const answer = await this.#reads.search(input, context, clock);
    const { stages } = this.#metrics;
    for (const stage of ['plan', 'shards', 'merge'] as const) {
      const ms = clock.stages[stage];
      if (ms !== undefined) stages[stage].observe(ms / 1_000);
    }
    return answer;
  }

  async #describe({ uid }: Input<typeof describe>): Promise<{ readonly replicas: readonly ReplicaReport[] }> {
    await knownCollection(this.#catalog, uid);
    return { replicas: this.#table.reports(uid) };
  }
}
