import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { NewKey } from '@vectorizer/contracts';
import { createLogger } from '@vectorizer/telemetry';
import { startRedis, until } from '@vectorizer/testing';
import { SharedBuckets } from '../src/limits/shared-buckets.ts';
import { LIMITS, TIERS } from '../src/limits/tiers.ts';
import { needOf, owed, TokenBucket } from '../src/limits/token-bucket.ts';
import { startGateway, type Gateway } from './fixture.ts';

type Answer = Awaited<ReturnType<Gateway['app']['inject']>>;
const C = '/api/v1/collections';

async function makeKey(gateway: Gateway, given: Partial<NewKey> = {}): Promise<string> {
  const rate = { tier: 'default' };
  const key = { name: 'k', roles: ['admin'], collections: ['*'], events: [], rate, ...given };
  return (await gateway.access.keys.create(key, 'test')).key;
}

async function list(gateway: Gateway, key: string): Promise<Answer> {
  return gateway.app.inject({ url: C, headers: { 'x-api-key': key } });
}

async function upsert(gateway: Gateway, key: string, points: number): Promise<Answer> {
  const body = { points: Array.from({ length: points }, (_, i) => ({ id: String(i), vector: [1, 0] })) };
  const url = `${C}/books/vectors`;
  return gateway.app.inject({ method: 'PUT', url, headers: { 'x-api-key': key }, payload: body });
}

const MEBIBYTE = 1_048_576;
const RATE = { per_s: 0.001, burst: 1_000 };
const WINDOW_S = 8;
const BUSY_MS_MAX = 45_000;

describe('a token bucket', () => {
  const rate = { per_s: 100, burst: 200 };
  const one = { cost: 1, need: 1 };

  it('lets the burst through at once, and from then on the rate', () => {
    const bucket = new TokenBucket(rate, 0);
    const admittedAt = (nowMs: number, times: number): number =>
      Array.from({ length: times }, () => bucket.draw(rate, one, nowMs)).filter(({ admitted }) => admitted).length;
    expect(admittedAt(0, 1_000)).toBe(200);
    expect(admittedAt(1_000, 1_000)).toBe(100);
    expect(admittedAt(1_005, 10)).toBe(0);
    expect(admittedAt(60_000, 1_000)).toBe(200);
    let steady = 0;
    for (let nowMs = 60_001; nowMs <= 70_000; nowMs++) steady += admittedAt(nowMs, 2);
    expect(steady).toBe(1_000);
  });

  it('lets a batch that is larger than itself through when it is full, and has it paid for', () => {
    const bucket = new TokenBucket(rate, 0);
    const batch = { cost: 1_000, need: needOf(1_000, rate) };
    expect(bucket.draw(rate, batch, 0)).toEqual({ admitted: true, tokens: -800, waitMs: 0 });
    expect(bucket.draw(rate, one, 0)).toEqual({ admitted: false, tokens: -800, waitMs: 8_010 });
    expect(bucket.draw(rate, one, 8_010)).toMatchObject({ admitted: true });
    expect(bucket.draw(rate, batch, 9_000)).toMatchObject({ admitted: false });
    expect(bucket.draw(rate, batch, 10_020)).toMatchObject({ admitted: true });
  });

  it('is owed what was done at most ten seconds of its rate, and never given any', () => {
    const bucket = new TokenBucket(rate, 0);
    expect(bucket.draw(rate, owed(150, rate), 0)).toEqual({ admitted: true, tokens: 50, waitMs: 0 });
    expect(bucket.draw(rate, owed(1_000_000, rate), 0)).toMatchObject({ tokens: -1_000 });
    expect(bucket.draw(rate, owed(1_000_000, rate), 0)).toMatchObject({ tokens: -1_000 });
    expect(bucket.draw(rate, one, 10_010)).toMatchObject({ admitted: true });
    const indebted = new TokenBucket(rate, 0);
    indebted.draw(rate, { cost: 5_000, need: 200 }, 0);
    expect(indebted.draw(rate, owed(10, rate), 0)).toMatchObject({ tokens: -4_800 });
  });

  it('is not filled by a clock that is set back', () => {
    const bucket = new TokenBucket(rate, 10_000);
    bucket.draw(rate, { cost: 200, need: 200 }, 10_000);
    expect(bucket.draw(rate, one, 0)).toMatchObject({ admitted: false, tokens: 0 });
    expect(bucket.draw(rate, one, 10_010)).toMatchObject({ admitted: true });
  });
});

describe('the rate of a key', () => {
  it('is exact over two gateways: 100 a second and a burst of 200, within 2 %; others do not notice', async () => {
    await using redis = await startRedis();
    const limits = { ...LIMITS, redis: { url: redis.url } };
    await using gateway = await startGateway({ limits });
    await using other = await startGateway({ limits, beside: gateway.nats });
    const key = await makeKey(gateway);
    const quiet = await makeKey(gateway);
    await until(async () => (await list(other, quiet)).statusCode === 200);
    await list(gateway, quiet);
    const start = performance.now();
    let [admitted, quietRefused, quietAsked] = [0, 0, 0];
    /** What came into a full bucket, and was lost: while it is full, a busy machine may make its clients wait. */
    let [tokens, filledAtMs, spilled] = [200, start, 0];
    const admit = (): void => {
      const nowMs = performance.now();
      const filled = tokens + (100 * (nowMs - filledAtMs)) / 1_000;
      spilled += Math.max(0, filled - 200);
      [tokens, filledAtMs] = [Math.min(200, filled) - 1, nowMs];
      admitted += 1;
    };
    /**
     * How many had been admitted, and when, at each refusal: the bucket was empty then. On a busy machine a single one is told
     * late; the line through all of them begins at the burst and rises by the rate.
     */
    const refusals: { readonly seconds: number; readonly admitted: number }[] = [];
    const isOver = (): boolean => {
      const [first, last] = [refusals[0], refusals.at(-1)];
      const hasSeenEnough = first !== undefined && last !== undefined && last.seconds - first.seconds > WINDOW_S;
      return hasSeenEnough || performance.now() - start > BUSY_MS_MAX;
    };
    const worker = async (on: Gateway): Promise<void> => {
      while (!isOver()) {
        if ((await list(on, key)).statusCode === 200) {
          admit();
          continue;
        }
        refusals.push({ seconds: (performance.now() - start) / 1_000, admitted });
        // Every now and then somebody else asks: far below the rate of their own.
        if (refusals.length % 100 !== 0) continue;
        quietAsked += 1;
        if ((await list(on, quiet)).statusCode !== 200) quietRefused += 1;
      }
    };
    await Promise.all([gateway, gateway, gateway, other, other, other].map(worker));
    if (refusals.length < 100) throw new Error('the machine was too busy to ask for more than the rate');
    const line = lineThrough(refusals);
    const [burst, rate] = [line.burst + spilled, line.rate];
    const told = `burst ${burst.toFixed(1)}, then ${rate.toFixed(2)} a second; ${refusals.length} refused`;
    process.stdout.write(`${told}; of another key ${quietRefused} of ${quietAsked}\n`);
    expect(Math.abs(rate / 100 - 1)).toBeLessThan(0.02);
    expect(Math.abs(burst / 200 - 1)).toBeLessThan(0.02);
    expect(quietRefused).toBe(0);
  });

  it('is told in headers, and when to come back', async () => {
    await using gateway = await startGateway();
    const key = await makeKey(gateway, { rate: { tier: 'default', read: { per_s: 0.5, burst: 2 } } });
    const [first, second, third] = [await list(gateway, key), await list(gateway, key), await list(gateway, key)];
    expect([first, second, third].map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(first.headers).toMatchObject({
      'ratelimit-limit': '0.5',
      'ratelimit-remaining': '1',
      'ratelimit-reset': '2',
      'ratelimit-policy': '2;w=4',
    });
    expect(Number(third.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(third.json()).toMatchObject({
      error: { type: 'rate_limit_exceeded', details: { limit_type: 'read', limit: 0.5, burst: 2 } },
    });
  });

  it('counts a batch as its items, and reads and writes apart', async () => {
    await using gateway = await startGateway();
    const rate = { per_s: 0.001, burst: 10 };
    const key = await makeKey(gateway, { rate: { tier: 'default', write: rate } });
    const root = await makeKey(gateway, { rate: { tier: 'unlimited' } });
    const body = { name: 'books', dimension: 2 };
    await gateway.app.inject({ method: 'POST', url: C, headers: { 'x-api-key': root }, payload: body });
    const statuses: number[] = [];
    for (const points of [4, 7, 5, 1, 1]) statuses.push((await upsert(gateway, key, points)).statusCode);
    expect(statuses).toEqual([200, 429, 200, 200, 429]);
    expect(gateway.written.map(({ ops }) => ops.length)).toEqual([4, 5, 1]);
    expect((await list(gateway, key)).statusCode).toBe(200);
    expect((await upsert(gateway, root, 1_000)).statusCode).toBe(200);
  });

  it('has what a filter matched paid for once it is done, up to ten seconds of the rate, in Redis as without', async () => {
    await using redis = await startRedis();
    for (const limits of [LIMITS, { ...LIMITS, redis: { url: redis.url } }]) {
      await using gateway = await startGateway({ limits });
      const root = await makeKey(gateway, { rate: { tier: 'unlimited' } });
      const book = { name: 'books', dimension: 2 };
      await gateway.app.inject({ method: 'POST', url: C, headers: { 'x-api-key': root }, payload: book });
      const key = await makeKey(gateway, { rate: { tier: 'default', write: { per_s: 0.001, burst: 100 } } });
      const left = async (count: number): Promise<number> => {
        gateway.answerWrite = async () => Promise.resolve({ sequences: [1], outcomes: [{ status: 'deleted', count }] });
        const payload = { filter: { must: [{ key: 'a', match: { value: 1 } }] } };
        const url = `${C}/books/vectors/delete`;
        const answer = await gateway.app.inject({ method: 'POST', url, headers: { 'x-api-key': key }, payload });
        expect([answer.statusCode, answer.json()]).toMatchObject([200, { deleted: count }]);
        return Number(answer.headers['ratelimit-remaining']);
      };
      const isLeft = async (tokens: number): Promise<void> =>
        until(async () => Number((await upsert(gateway, key, 1_000)).headers['ratelimit-remaining']) === tokens);
      expect(await left(40)).toBe(99);
      await isLeft(60);
      expect(await left(0)).toBe(59);
      expect(await left(1_000_000)).toBe(58);
      await isLeft(0);
      expect((await upsert(gateway, key, 1)).statusCode).toBe(429);
    }
  });

  it('counts what is refused, for its key or for its body, as one', async () => {
    await using gateway = await startGateway();
    const rate = { per_s: 0.001, burst: 3 };
    const viewer = await makeKey(gateway, { roles: ['viewer'], rate: { tier: 'default', write: rate } });
    const editor = await makeKey(gateway, { roles: ['editor'], rate: { tier: 'default', write: rate } });
    const drop = async (): Promise<number> => {
      const headers = { 'x-api-key': viewer };
      return (await gateway.app.inject({ method: 'DELETE', url: `${C}/books`, headers })).statusCode;
    };
    const malformed = async (): Promise<number> => {
      const headers = { 'x-api-key': editor, 'content-type': 'application/json' };
      const url = `${C}/books/vectors`;
      return (await gateway.app.inject({ method: 'PUT', url, headers, payload: '{"points":[' })).statusCode;
    };
    for (const [ask, refused] of [
      [drop, 403],
      [malformed, 400],
    ] as const) {
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push(await ask());
      expect(statuses).toEqual([refused, refused, refused, 429]);
    }
  });

  it('is the override of the key before its tier, and the tier before the default', async () => {
    const tiers = { ...TIERS, small: { read: { per_s: 0.001, burst: 3 }, write: null } };
    await using gateway = await startGateway({ limits: { redis: undefined, tiers } });
    const passed = async (rate: NewKey['rate']): Promise<number> => {
      const key = await makeKey(gateway, { rate });
      const answers = await Promise.all(Array.from({ length: 6 }, async () => list(gateway, key)));
      return answers.filter(({ statusCode }) => statusCode === 200).length;
    };
    expect(await passed({ tier: 'small' })).toBe(3);
    expect(await passed({ tier: 'small', read: { per_s: 0.001, burst: 5 } })).toBe(5);
    expect(await passed({ tier: 'gone' })).toBe(6);
    const root = await makeKey(gateway);
    const payload = { name: 'a', roles: ['viewer'], rate: { tier: 'gone' } };
    const made = await gateway.app.inject({
      method: 'POST',
      url: '/api/v1/auth/keys',
      headers: { 'x-api-key': root },
      payload,
    });
    expect(made.json()).toMatchObject({ error: { type: 'validation_error', details: { field: 'rate.tier' } } });
  });

  it('is kept by a Redis that is full of cached answers, which go before a bucket that is in use', async () => {
    await using redis = await startRedis();
    const logger = createLogger({ service: 'gateway', level: 'silent' });
    const buckets = new SharedBuckets({ url: redis.url }, logger);
    await until(async () =>
      buckets.draw('read:other', RATE, { cost: 1, need: 1 }).then(
        () => true,
        () => false,
      ),
    );
    const client = new Redis(redis.url);
    const conf = await readFile(join(import.meta.dirname, '../../../infra/redis/redis.conf'), 'utf8');
    for (const [, name = '', value = ''] of conf.matchAll(/^(maxmemory-\S+) (\S+)$/gm)) {
      await client.config('SET', name, value);
    }
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(used + 8 * MEBIBYTE));
    const draw = async (): Promise<number> => (await buckets.draw('read:k', RATE, { cost: 1, need: 1 })).tokens;
    const clock = async (): Promise<string> => /lru_clock:(\d+)/.exec(await client.info('server'))?.[1] ?? '';
    let left = Math.floor(await draw());
    for (let round = 0; round < 8; round++) {
      // Redis tells ages by the second: what is written in one is of the same age.
      const second = await clock();
      for (let i = 0; i < 40; i++) {
        await client.set(`vz:cache:${round}.${i}`, 'x'.repeat(MEBIBYTE / 16), 'PX', 300_000);
      }
      left -= 1;
      expect([round, Math.floor(await draw())]).toEqual([round, left]);
      await until(async () => (await clock()) !== second);
    }
    expect(await client.dbsize()).toBeLessThan(160);
    buckets.close();
    client.disconnect();
  });

  it('is held by each gateway alone while Redis is away, and by all together when it is back', async () => {
    await using redis = await startRedis();
    await using gateway = await startGateway({ limits: { ...LIMITS, redis: { url: redis.url } } });
    const remaining = async (key: string): Promise<number> =>
      Number((await list(gateway, key)).headers['ratelimit-remaining']);
    const key = await makeKey(gateway, { rate: { tier: 'default', read: { per_s: 0.001, burst: 100 } } });
    await until(async () => (await remaining(key)) < 98);
    await redis.kill();
    const before = await remaining(key);
    expect(before).toBe(99);
    expect((await list(gateway, key)).statusCode).toBe(200);
    await redis.restart();
    // A bucket of a Redis that kept nothing is full again; the one of this process is not.
    await until(async () => (await remaining(key)) === 99);
  });
});

describe('an address that brings no good key', () => {
  it('is told to come back later, makes no buckets, and does not keep good keys from the same address out', async () => {
    await using gateway = await startGateway({ failures: { per_s: 0.1, burst: 5 } });
    const key = await makeKey(gateway);
    const bad = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => list(gateway, `vz_${String(i).padStart(12, 'a')}_${'A'.repeat(43)}`)),
    );
    expect(bad.filter(({ statusCode }) => statusCode === 401)).toHaveLength(5);
    const throttled = bad.filter(({ statusCode }) => statusCode === 429);
    expect(throttled).toHaveLength(15);
    expect(Number(throttled[0]?.headers['retry-after'])).toBeGreaterThan(5);
    expect(bad.flatMap(({ headers }) => headers['ratelimit-limit'] ?? [])).toEqual([]);
    expect((await list(gateway, key)).statusCode).toBe(200);
  });
});

/** By least squares. */
function lineThrough(points: readonly { readonly seconds: number; readonly admitted: number }[]): {
  readonly burst: number;
  readonly rate: number;
} {
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [seconds, admitted] = [mean((point) => point.seconds), mean((point) => point.admitted)];
  const rate =
    mean((point) => (point.seconds - seconds) * (point.admitted - admitted)) /
    mean((point) => (point.seconds - seconds) ** 2);
  return { burst: admitted - rate * seconds, rate };
}
