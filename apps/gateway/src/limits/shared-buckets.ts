import { Redis } from 'ioredis';
import type { Rate } from '@vectorizer/contracts';
import type { RedisConfig } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';
import type { Draw, Drawn } from './token-bucket.ts';

/**
 * The arithmetic of `TokenBucket`, within Redis and by its clock, so that all gateways draw from one bucket: to read, to add
 * and to take is one step. A bucket that has filled up is as good as none, and goes.
 */
const DRAW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local per_ms = tonumber(ARGV[1]) / 1000
local burst = tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
local need = tonumber(ARGV[4])
local least = tonumber(ARGV[5]) or -math.huge
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local at = tonumber(kept[2]) or now
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + math.max(0, now - at) * per_ms)
local admitted = tokens + 0.000001 >= need
local wait = admitted and 0 or math.ceil((need - tokens) / per_ms)
if admitted then tokens = math.max(tokens - cost, math.min(tokens, least)) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.3f', math.max(at, now)))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / per_ms) + 1000)
return { admitted and 1 or 0, string.format('%.6f', tokens), wait }
`;
/**
 * A Redis that does not answer within this is done without. Not less: on a busy machine it is this process that is late, and
 * gateways that each count alone let more through.
 */
const ANSWER_MS_MAX = 1_000;
const RECONNECT_MS_MAX = 1_000;
const PREFIX = 'vz:rate:';

type Drawing = Redis & {
  draw(key: string, ...values: readonly (string | number)[]): Promise<[number, string, number]>;
};

/** Buckets that all gateways share. */
export class SharedBuckets {
  readonly #redis: Drawing;

  constructor({ url, ...identity }: RedisConfig, logger: Logger) {
    const redis = new Redis(url, {
      ...identity,
      commandTimeout: ANSWER_MS_MAX,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * times, RECONNECT_MS_MAX),
    });
    redis.defineCommand('draw', { numberOfKeys: 1, lua: DRAW });
    // Told by `draw` to whoever needs an answer. The message only: the command of signing in, beside it, has the password.
    redis.on('error', ({ message }) => logger.debug({ reason: message }, 'Redis is away'));
    this.#redis = redis as Drawing;
  }

  /** Throws when Redis is away. */
  async draw(key: string, { per_s, burst }: Rate, { cost, need, least }: Draw): Promise<Drawn> {
    const [admitted, tokens, waitMs] = await this.#redis.draw(PREFIX + key, per_s, burst, cost, need, least ?? '');
    return { admitted: admitted === 1, tokens: Number(tokens), waitMs };
  }

  close(): void {
    this.#redis.disconnect();
  }
}
