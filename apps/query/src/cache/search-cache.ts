import type {
  CacheNote,
  CallContext,
  CollectionRecord,
  SearchAnswer,
  SearchSpec,
  Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { RedisConfig } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';
import { covers, type Cached } from './cached.ts';
import type { Frequent } from './frequent-searches.ts';
import { MemoryTier, type MemoryLimits } from './memory-tier.ts';
import { RedisTier, type RedisFigures } from './redis-tier.ts';
import { searchKey } from './search-key.ts';
import { WarmUp } from './warm-up.ts';

export type CacheOptions = MemoryLimits & {
  /** Of the cache that query services share; undefined where there is none. */
  readonly redis: RedisConfig | undefined;
  /** A lookup there is waited for no longer than this, nor than computing the answer takes. */
  readonly redisMsMax: number;
  /** So many of the most frequent searches are made again after a restart; none unless given. */
  readonly warmUp?: number;
};

/** What each of the searches came to, in their order. */
export type Searched = readonly Omit<Cached, 'at'>[];

/** A call of searches, and what is known of the states that may answer it. */
export type CacheableCall = {
  readonly record: CollectionRecord;
  readonly searches: readonly SearchSpec[];
  /** The consistency that was asked for demands these. */
  readonly demanded: Sequences;
  /** The newest state that is known to be applied somewhere, at least what is demanded; undefined when that is not known. */
  readonly newest: Sequences | undefined;
  readonly maxStalenessMs: number | undefined;
  readonly bypass: boolean;
  readonly context: CallContext;
  /** Asks the replicas. */
  readonly compute: (searches: readonly SearchSpec[]) => Promise<Searched>;
};

export type TierFigures = {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly bytes: number;
};
/** What the cache has done since the process started, by tier. Hits and misses count searches. */
export type CacheFigures = {
  readonly bypasses: number;
  /** Misses that another search under way was computing the answer for. */
  readonly shared: number;
  readonly memory: TierFigures & { readonly entries: number; readonly bytes_max: number };
  readonly redis: RedisFigures | undefined;
};

/** One search that is being computed, for all who ask the same. */
type Flight = { readonly demanded: Sequences; readonly deadline: number; readonly landed: Promise<Cached> };
type Open = { readonly key: string; readonly spec: SearchSpec; readonly settle: PromiseWithResolvers<Cached> };

/** Weight of the newest time in the running mean. */
const WEIGHT = 0.1;

/**
 * Answers of searches, each kept with the sequences that it is exact for. One is good for a call when its sequences reach
 * those that the call demands and those that are known to be applied: so a write makes older answers unreachable,
 * by whichever way it came, and no message has to arrive for that.
 */
export class SearchCache {
  readonly #memory: MemoryTier;
  readonly #redis: RedisTier | undefined;
  readonly #options: CacheOptions;
  readonly #flights = new Map<string, Flight>();
  #warmUp: WarmUp | undefined;
  #hits = 0;
  #misses = 0;
  #bypasses = 0;
  #shared = 0;
  /** What a search takes that is not answered from a cache. */
  #computeMs = 0;

  constructor(options: CacheOptions, logger: Logger) {
    this.#options = options;
    this.#memory = new MemoryTier(options);
    const { redis, redisMsMax: lookupMsMax, ...others } = options;
    this.#redis = redis === undefined ? undefined : new RedisTier({ ...others, redis, lookupMsMax, logger });
  }

  get figures(): CacheFigures {
    return {
      bypasses: this.#bypasses,
      shared: this.#shared,
      memory: {
        hits: this.#hits,
        misses: this.#misses,
        ...this.#memory.figures,
        bytes_max: this.#options.bytesMax,
      },
      redis: this.#redis?.figures,
    };
  }

  async answer(call: CacheableCall): Promise<NotedAnswer> {
    const { record, searches, bypass } = call;
    if (bypass || !record.cache || this.#options.bytesMax === 0) {
      this.#bypasses += searches.length;
      return { ...answerOf(await call.compute(searches)), cache: { status: 'bypass' } };
    }
    const keys = searches.map((spec) => searchKey(record, spec));
    if (this.#warmUp !== undefined) this.#note(keys, call);
    const found = keys.map((key) => this.#inMemory(key, call));
    const missing = [...keys.keys()].filter((i) => found[i] === undefined);
    this.#hits += searches.length - missing.length;
    this.#misses += missing.length;
    const computed = missing.length > 0 && (await this.#fetchAll(call, { keys, found, missing }));
    const all = found as Cached[];
    if (computed) return { ...answerOf(all), cache: { status: 'miss' } };
    const oldest = Math.min(...all.map(({ at }) => at));
    return { ...answerOf(all), cache: { status: 'hit', age_ms: Math.max(0, Date.now() - oldest) } };
  }

  /** From here on the most frequent searches are remembered, where that is asked for; those of before are made again. */
  startWarmUp(search: (search: Frequent) => Promise<unknown>): void {
    const { warmUp: searchesMax = 0, bytesMax } = this.#options;
    const redis = this.#redis;
    if (searchesMax === 0 || bytesMax === 0 || redis === undefined) return;
    this.#warmUp ??= new WarmUp({ searchesMax, redis, search });
  }

  close(): void {
    this.#warmUp?.close();
    this.#redis?.close();
  }

  #note(keys: readonly string[], { searches, record: { uid } }: CacheableCall): void {
    for (const [i, spec] of searches.entries()) this.#warmUp?.note(keys[i] as string, { uid, spec });
  }

  #inMemory(key: string, call: CacheableCall): Cached | undefined {
    const cached = this.#memory.get(key);
    return cached !== undefined && isGoodFor(cached, call) ? cached : undefined;
  }

  /** Puts in place what is missing; answers whether any of it had to be computed. */
  async #fetchAll(call: CacheableCall, { keys, found, missing }: Gaps): Promise<boolean> {
    const own = new Map<string, Open>();
    const awaited: { readonly i: number; readonly flight: Flight }[] = [];
    let joined = false;
    for (const i of missing) {
      const [key, spec] = [keys[i] as string, call.searches[i] as SearchSpec];
      const flight = this.#flights.get(key);
      if (flight !== undefined && covers(flight.demanded, call.demanded)) {
        if (!own.has(key)) {
          this.#shared += 1;
          joined = true;
        }
        awaited.push({ i, flight });
      } else {
        const settle = Promise.withResolvers<Cached>();
        settle.promise.catch(() => undefined);
        own.set(key, { key, spec, settle });
        const { demanded, context } = call;
        const mine = { demanded, deadline: context.deadline, landed: settle.promise };
        this.#flights.set(key, mine);
        awaited.push({ i, flight: mine });
      }
    }
    const computing = this.#compute(call, [...own.values()]);
    // Its failure is that of its flights, which are waited for.
    computing.catch(() => undefined);
    const alone: number[] = [];
    await Promise.all(
      awaited.map(async ({ i, flight }) => {
        found[i] = await flight.landed.catch((error: unknown) => {
          // It ran out of another call's time, which may have been shorter than this one's.
          if (flight.deadline >= call.context.deadline) throw Failure.from(error);
          alone.push(i);
          return undefined;
        });
      }),
    );
    const again = alone.length > 0 && (await this.#fetchAll(call, { keys, found, missing: alone }));
    return (await computing) || again || joined;
  }

  /** Lands every flight, one way or the other; answers whether anything was computed. */
  async #compute(call: CacheableCall, flights: readonly Open[]): Promise<boolean> {
    if (flights.length === 0) return false;
    try {
      const left = this.#redis === undefined ? flights : await this.#fromRedis(this.#redis, call, flights);
      if (left.length > 0) await this.#fromReplicas(call, left);
      return left.length > 0;
    } catch (error) {
      for (const { settle } of flights) settle.reject(error);
      throw error;
    } finally {
      for (const { key, settle } of flights) {
        if (this.#flights.get(key)?.landed === settle.promise) this.#flights.delete(key);
      }
    }
  }

  /** Lands those that Redis has; answers the others. */
  async #fromRedis(redis: RedisTier, call: CacheableCall, flights: readonly Open[]): Promise<readonly Open[]> {
    if (call.newest === undefined && call.maxStalenessMs === undefined) return flights;
    const keys = flights.map(({ key }) => key);
    const asked = { computeMs: this.#computeMs, isGood: (cached: Cached): boolean => isGoodFor(cached, call) };
    const cached = await redis.get(keys, asked);
    return flights.filter(({ key, settle }, i) => {
      const value = cached[i];
      if (value === undefined) return true;
      this.#memory.put(key, value);
      settle.resolve(value);
      return false;
    });
  }

  async #fromReplicas(call: CacheableCall, flights: readonly Open[]): Promise<void> {
    const at = Date.now();
    const startedMs = performance.now();
    const searched = await call.compute(flights.map(({ spec }) => spec));
    const tookMs = (performance.now() - startedMs) / flights.length;
    this.#computeMs += this.#computeMs === 0 ? tookMs : WEIGHT * (tookMs - this.#computeMs);
    for (const [i, { key, settle }] of flights.entries()) {
      const cached = { ...(searched[i] as Searched[number]), at };
      settle.resolve(cached);
      if (!isCacheable(cached, call.record)) continue;
      this.#memory.put(key, cached);
      this.#redis?.put(key, cached, this.#computeMs);
    }
  }
}

type NotedAnswer = SearchAnswer & { readonly cache: CacheNote };
type Gaps = {
  readonly keys: readonly string[];
  readonly found: (Cached | undefined)[];
  readonly missing: readonly number[];
};

function isGoodFor(cached: Cached, { demanded, newest, maxStalenessMs }: CacheableCall): boolean {
  if (newest !== undefined && covers(cached.sequences, newest)) return true;
  if (maxStalenessMs === undefined || !covers(cached.sequences, demanded)) return false;
  const ageMs = Date.now() - cached.at;
  return ageMs >= 0 && ageMs <= maxStalenessMs;
}

/** A warning about a declared index says how far it is built, which no sequence tells. */
function isCacheable({ result }: Cached, { payload_indexes: declared }: CollectionRecord): boolean {
  if (result.warnings.length === 0 || declared.length === 0) return true;
  const fields = new Set(result.warnings.flatMap((warning) => warning.fields));
  return !declared.some(({ key }) => fields.has(key));
}

/** The answer reflects of each shard the oldest state that any of its results does. */
function answerOf(results: Searched): SearchAnswer {
  const [first] = results;
  const sequences = (first?.sequences ?? []).map((_, shard) =>
    Math.min(...results.map((each) => each.sequences[shard] ?? 0)),
  );
  return { sequences, results: results.map(({ result }) => result) };
}
