import { Redis } from 'ioredis';
import type { RedisConfig } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';
import { bytesOf, type Cached } from './cached.ts';
import { decodeValue, encodeValue, seal, unpack, unseal } from './redis-value.ts';
import { RedisWatch } from './redis-watch.ts';
import type { SearchKey } from './search-key.ts';
import type { Worth } from './worth.ts';

export type RedisTierOptions = {
  readonly redis: RedisConfig;
  readonly ttlMs: number;
  readonly entryBytesMax: number;
  /** Whatever an answer costs to compute, a lookup is waited for no longer. */
  readonly lookupMsMax: number;
  readonly logger: Logger;
};

/** What Redis was of use for. A value that is not one of ours, or another key's, is damaged. */
export type RedisFigures = {
  readonly connected: boolean;
  readonly hits: number;
  readonly misses: number;
  /** Lookups that got no answer in time, or an error. */
  readonly failures: number;
  readonly damaged: number;
  /** Lookups that were left out, because Redis is away or asking it does not pay. */
  readonly skipped: number;
  /** As Redis says, of everything that it holds. */
  readonly evictions: number;
  readonly bytes: number;
};

export type RedisLookup = {
  /** Of the collection. A lookup is waited for no longer than computing takes. */
  readonly worth: Worth;
  /** Whether any was asked for before, lately. */
  readonly again: boolean;
  readonly isGood: (cached: Cached) => boolean;
};

/** `again`: it was asked for before, lately. */
type Computed = { readonly worth: Worth; readonly again: boolean };

const PREFIX = 'vz:cache:';
const NAMED_PREFIX = 'vz:cached:';
/** Shorter a timer cannot tell. */
const LOOKUP_MS_MIN = 1;
/** Commands that wait for Redis; when it stands still, further ones are left out. */
const IN_FLIGHT_MAX = 256;

/** The answers that all query services share. Whatever Redis does, it costs a search little time and no truth. */
export class RedisTier {
  readonly #options: RedisTierOptions;
  readonly #client: Redis;
  readonly #watch: RedisWatch;
  #inFlight = 0;
  #hits = 0;
  #misses = 0;
  #failures = 0;
  #damaged = 0;
  #skipped = 0;

  constructor(options: RedisTierOptions) {
    this.#options = options;
    const { url, ...identity } = options.redis;
    this.#client = new Redis(url, {
      ...identity,
      // A command that cannot be sent now is of no use later.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 1_000),
    });
    this.#watch = new RedisWatch(this.#client, options.logger);
  }

  get figures(): RedisFigures {
    return {
      connected: this.#connected,
      hits: this.#hits,
      misses: this.#misses,
      failures: this.#failures,
      damaged: this.#damaged,
      skipped: this.#skipped,
      ...this.#watch.usage,
    };
  }

  /** What Redis has that is good, by place; undefined when it was not asked. Never rejects. */
  async get(keys: readonly SearchKey[], lookup: RedisLookup): Promise<(Cached | undefined)[] | undefined> {
    const { worth, again } = lookup;
    if (!this.#connected || this.#inFlight >= IN_FLIGHT_MAX || !worth.decide(again)) {
      this.#skipped += keys.length;
      return undefined;
    }
    const startMs = performance.now();
    const digests = keys.map(({ digest }) => digest);
    const values = await this.#fetch(digests, worth.computeMs * keys.length);
    const cached = values.map((value, i) => this.#read(digests[i] as string, value, lookup));
    const found = cached.filter((each) => each !== undefined).length;
    this.#hits += found;
    this.#misses += keys.length - found;
    worth.looked({ again, tookMs: performance.now() - startMs, found });
    return cached;
  }

  /**
   * Stored some time later, or not at all: what is computed sooner than it is looked up here is not worth it, nor, while
   * such hits are rare here, what is asked for the first time.
   */
  put(key: SearchKey, cached: Cached, { worth, again }: Computed): void {
    if (!this.#connected || this.#inFlight >= IN_FLIGHT_MAX || worth.computeMs < worth.lookupMs) return;
    if (!again && !worth.pays(again)) return;
    const { ttlMs, entryBytesMax } = this.#options;
    if (bytesOf(cached) > entryBytesMax) return;
    // Not ahead of the answer, which is about to be sent.
    setImmediate(() => {
      void this.#send(this.#client.set(PREFIX + key.digest, encodeValue(key.digest, cached), 'PX', ttlMs));
    });
  }

  /**
   * Something other than an answer, which is kept until it is stored anew. Undefined when it is not there, or is not what
   * `read` makes something of. Never rejects.
   */
  async load<Value>(name: string, read: (unpacked: unknown) => Value | undefined): Promise<Value | undefined> {
    const value = await this.#send(this.#client.getBuffer(NAMED_PREFIX + name));
    if (value === undefined || value === null) return undefined;
    const body = unseal(name, value);
    const loaded = body === undefined ? undefined : read(unpack(body));
    if (loaded === undefined) this.#damaged += 1;
    return loaded;
  }

  store(name: string, body: Buffer): void {
    if (!this.#connected || this.#inFlight >= IN_FLIGHT_MAX) return;
    void this.#send(this.#client.set(NAMED_PREFIX + name, seal(name, body)));
  }

  close(): void {
    this.#watch.stop();
    this.#client.disconnect();
  }

  get #connected(): boolean {
    return this.#client.status === 'ready';
  }

  async #fetch(digests: readonly string[], limitMs: number): Promise<readonly (Buffer | null)[]> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const { lookupMsMax } = this.#options;
    const patienceMs = limitMs === 0 ? lookupMsMax : Math.min(lookupMsMax, Math.max(LOOKUP_MS_MIN, limitMs));
    const timer = setTimeout(resolve, patienceMs, undefined);
    const asked = this.#send(this.#client.mgetBuffer(digests.map((digest) => PREFIX + digest)));
    const values = await Promise.race([asked, late]);
    clearTimeout(timer);
    if (values === undefined) this.#failures += digests.length;
    return values ?? digests.map(() => null);
  }

  #read(digest: string, value: Buffer | null, { isGood }: RedisLookup): Cached | undefined {
    if (value === null) return undefined;
    const cached = decodeValue(digest, value);
    if (cached === undefined) this.#damaged += 1;
    return cached !== undefined && isGood(cached) ? cached : undefined;
  }

  /** Undefined when it failed: a cache that fails is one that has nothing. */
  async #send<Reply>(command: Promise<Reply>): Promise<Reply | undefined> {
    this.#inFlight += 1;
    this.#watch.sent();
    try {
      return await command;
    } catch {
      return undefined;
    } finally {
      this.#inFlight -= 1;
      this.#watch.settled();
    }
  }
}
