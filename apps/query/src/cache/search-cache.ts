import { LRUCache } from 'lru-cache';
import type { CacheNote, CollectionRecord, CollectionUid, SearchAnswer, SearchSpec } from '@vectorizer/contracts';
import type { RedisConfig } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';
import { Admission } from './admission.ts';
import { isGoodFor, type CacheableCall, type Searched } from './cacheable-call.ts';
import type { Cached } from './cached.ts';
import { Flights, type Landed, type Wanted } from './flights.ts';
import type { Frequent } from './frequent-searches.ts';
import { MemoryTier, type MemoryLimits } from './memory-tier.ts';
import { RedisTier, type RedisFigures } from './redis-tier.ts';
import { SearchKey } from './search-key.ts';
import { WarmUp } from './warm-up.ts';
import { Worth } from './worth.ts';

export type CacheOptions = MemoryLimits & {
  /** Of the cache that query services share; undefined where there is none. */
  readonly redis: RedisConfig | undefined;
  /** A lookup there is waited for no longer than this, nor than computing the answer takes. */
  readonly redisMsMax: number;
  /** So many of the most frequent searches are made again after a restart; none unless given. */
  readonly warmUp?: number;
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

/** Collections of which it is known what their answers cost; of those that were not searched for longest it is forgotten. */
const COLLECTIONS_MAX = 10_000;
const NONE: ReadonlySet<Cached> = new Set();

type Kept = { readonly worth: Worth | undefined; readonly again: boolean };
/** What memory lacks; `again`: whether it was asked for before, lately. */
type Missed = Wanted & { readonly again: readonly boolean[] };

/**
 * Answers of searches, each kept with the sequences that it is exact for. One is good for a call when its sequences reach
 * those that the call demands and those that are known to be applied: so a write makes older answers unreachable,
 * by whichever way it came, and no message has to arrive for that.
 */
export class SearchCache {
  readonly #memory: MemoryTier;
  readonly #redis: RedisTier | undefined;
  readonly #options: CacheOptions;
  readonly #admission = new Admission();
  /** By collection: to compute an answer of one may take a hundred times as long as of another. */
  readonly #worths = new LRUCache<CollectionUid, Worth>({ max: COLLECTIONS_MAX });
  readonly #flights = new Flights({
    fetch: (call, wanted) => this.#fetch(call, wanted),
    recall: (key, call) => this.#inMemory(key, call),
  });
  #warmUp: WarmUp | undefined;
  #hits = 0;
  #misses = 0;
  #bypasses = 0;

  constructor(options: CacheOptions, logger: Logger) {
    this.#options = options;
    this.#memory = new MemoryTier(options);
    const { redis, redisMsMax: lookupMsMax, ...others } = options;
    this.#redis = redis === undefined ? undefined : new RedisTier({ ...others, redis, lookupMsMax, logger });
  }

  get figures(): CacheFigures {
    return {
      bypasses: this.#bypasses,
      shared: this.#flights.shared,
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
    const keys = searches.map((spec) => new SearchKey(record, spec));
    if (this.#warmUp !== undefined) this.#note(keys, call);
    const found = keys.map((key) => this.#inMemory(key, call));
    const missing: number[] = [];
    for (let i = 0; i < found.length; i++) if (found[i] === undefined) missing.push(i);
    const hits = searches.length - missing.length;
    if (hits > 0) this.#admission.found();
    this.#hits += hits;
    this.#misses += missing.length;
    const computed = missing.length === 0 ? NONE : await this.#flights.fill(call, { keys, found, missing });
    const all = found as Cached[];
    return { ...answerOf(all), cache: noteOf(all, computed) };
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

  #note(keys: readonly SearchKey[], { searches, record: { uid } }: CacheableCall): void {
    for (const [i, spec] of searches.entries()) this.#warmUp?.note((keys[i] as SearchKey).digest, { uid, spec });
  }

  #inMemory(key: SearchKey, call: CacheableCall): Cached | undefined {
    const cached = this.#memory.get(key);
    return cached !== undefined && isGoodFor(cached, call) ? cached : undefined;
  }

  async #fetch(call: CacheableCall, wanted: Wanted): Promise<Landed> {
    const missed = { ...wanted, again: wanted.keys.map(({ mark }) => this.#admission.asked(mark)) };
    if (this.#redis === undefined) return this.#fromReplicas(call, missed, undefined);
    return this.#fetchShared(this.#redis, call, missed);
  }

  async #fetchShared(redis: RedisTier, call: CacheableCall, missed: Missed): Promise<Landed> {
    const worth = this.#worthOf(call.record);
    const values = await this.#fromRedis(redis, call, { ...missed, worth });
    if (values === undefined) return this.#fromReplicas(call, missed, worth);
    const left = [...missed.keys.keys()].filter((place) => values[place] === undefined);
    if (left.length > 0) {
      const { computed } = await this.#fromReplicas(call, missedAt(left, missed), worth);
      for (const [i, place] of left.entries()) values[place] = computed[i];
    }
    const all = values as Cached[];
    return { values: all, computed: left.map((place) => all[place] as Cached) };
  }

  /** What Redis has, in place; undefined when it was not asked. */
  async #fromRedis(
    redis: RedisTier,
    call: CacheableCall,
    { keys, again, worth }: Missed & { readonly worth: Worth },
  ): Promise<(Cached | undefined)[] | undefined> {
    if (call.newest === undefined && call.maxStalenessMs === undefined) return undefined;
    const isGood = (cached: Cached): boolean => isGoodFor(cached, call);
    const values = await redis.get(keys, { worth, again: again.includes(true), isGood });
    for (const [place, value] of values?.entries() ?? []) {
      if (value === undefined) continue;
      this.#admission.found();
      this.#memory.put(keys[place] as SearchKey, value);
    }
    return values;
  }

  /** `worth`: of Redis, where there is one. */
  async #fromReplicas(call: CacheableCall, { keys, specs, again }: Missed, worth: Worth | undefined): Promise<Landed> {
    call.looked();
    const at = Date.now();
    const startedMs = performance.now();
    const searched = await call.compute(specs);
    worth?.computed((performance.now() - startedMs) / specs.length);
    const computed = searched.map(({ sequences, result }) => ({ sequences, result, at }));
    for (const [i, cached] of computed.entries()) {
      if (!isCacheable(cached, call.record)) continue;
      this.#keep(keys[i] as SearchKey, cached, { worth, again: again[i] === true });
    }
    return { values: computed, computed };
  }

  #worthOf({ uid }: CollectionRecord): Worth {
    let worth = this.#worths.get(uid);
    if (worth === undefined) this.#worths.set(uid, (worth = new Worth()));
    return worth;
  }

  #keep(key: SearchKey, cached: Cached, { worth, again }: Kept): void {
    this.#admission.computed();
    if (again || this.#admission.isOfUse) this.#memory.put(key, cached);
    if (worth !== undefined) this.#redis?.put(key, cached, { worth, again });
  }
}

function missedAt(places: readonly number[], { keys, specs, again }: Missed): Missed {
  return {
    keys: places.map((place) => keys[place] as SearchKey),
    specs: places.map((place) => specs[place] as SearchSpec),
    again: places.map((place) => again[place] === true),
  };
}

/** An answer of which any part was kept says how old that is, also when another part had to be computed. */
function noteOf(all: readonly Cached[], computed: ReadonlySet<Cached>): CacheNote {
  const kept = all.filter((each) => !computed.has(each));
  if (kept.length === 0) return { status: 'miss' };
  const oldest = Math.min(...kept.map(({ at }) => at));
  return { status: kept.length === all.length ? 'hit' : 'miss', age_ms: Math.max(0, Date.now() - oldest) };
}

type NotedAnswer = SearchAnswer & { readonly cache: CacheNote };

/** A warning about a declared index says how far it is built, which no sequence tells. */
function isCacheable({ result }: Cached, { payload_indexes: declared }: CollectionRecord): boolean {
  if (result.warnings.length === 0 || declared.length === 0) return true;
  const fields = new Set(result.warnings.flatMap((warning) => warning.fields));
  return !declared.some(({ key }) => fields.has(key));
}

/** The answer reflects of each shard the oldest state that any of its results does. */
function answerOf(results: Searched): SearchAnswer {
  const [first, ...others] = results;
  if (first === undefined) return { sequences: [], results: [] };
  if (others.length === 0) return { sequences: first.sequences, results: [first.result] };
  const sequences = first.sequences.map((_, shard) => Math.min(...results.map((each) => each.sequences[shard] ?? 0)));
  return { sequences, results: results.map(({ result }) => result) };
}
