import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis, until, type RedisServer } from '@vectorizer/testing';
import { decodeValue, seal } from '../src/cache/redis-value.ts';
import type { CacheOptions } from '../src/index.ts';
import { caching, startQuery, type Setting } from './fixture.ts';
import { hit, openWorld, spec, World } from './world.ts';
/** Keeps nothing of its own, so that all it knows it has from Redis. */
const shared = (redis: RedisServer, other: Partial<CacheOptions> = {}): CacheOptions =>
  caching({ redis: { url: redis.url }, bytesMax: 1, ...other });
/** For as long as a service has computed nothing it waits so long, whatever else the machine does. */
const patient = { redisMsMax: 5_000 };
/** Above what a lookup takes on a machine that others keep busy, so that answers are worth keeping there. */
const SLOW_MS = 100;

/** Two query services that share what they know, each with an index node of its own for the same collection. */
async function twoServices(setting: Setting, options: CacheOptions): Promise<[World, World, Setting['query'][]]> {
  const one = await openWorld(setting);
  const service = setting.another(options);
  const other = new World(service.bus, one.record);
  // A search that takes less than a lookup is not kept in Redis.
  for (const world of [one, other]) world.slowMs = SLOW_MS;
  await other.heard();
  const queries = [setting.query, service.query];
  await until(() => queries.every((query) => query.cacheFigures.redis?.connected));
  return [one, other, queries];
}

async function keysOf(client: Redis): Promise<string[]> {
  return client.keys('vz:cache:*');
}

/** Which state the only answer that is kept is of. */
async function sequenceIn(client: Redis): Promise<number | undefined> {
  const [key = ''] = await keysOf(client);
  const value = await client.getBuffer(key);
  return value === null ? undefined : decodeValue(key.slice('vz:cache:'.length), value)?.sequences[0];
}

/** How many commands Redis has refused for want of memory. */
async function refusedIn(client: Redis): Promise<number> {
  return Number(/^errorstat_OOM:count=(\d+)/m.exec(await client.info('errorstats'))?.[1] ?? 0);
}

describe('the shared cache', () => {
  it('gives one query service what another has searched, payloads and vectors as they are', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, other, queries] = await twoServices(setting, shared(redis, patient));
    using client = connected(redis);
    one.hits = [{ ...hit('ä', '{"a":"\u2028 \ud83d\ude00"}'), vector: Float32Array.of(0.1, -0), score: 1 / 3 }];
    const first = await one.ask();
    await until(async () => (await keysOf(client)).length === 1);
    const second = await other.ask();
    expect(second).toEqual({ ...first, cache: { status: 'hit', age_ms: expect.any(Number) } });
    expect(other.searched).toBe(0);
    expect(queries[1]?.cacheFigures.redis).toMatchObject({ hits: 1, misses: 0, connected: true });
    const ttlMs = await client.pttl((await keysOf(client))[0] ?? '');
    expect(ttlMs).toBeGreaterThan(50_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('gives nothing that is older than what the asking service knows', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, other, queries] = await twoServices(setting, shared(redis, patient));
    using client = connected(redis);
    await one.ask();
    await until(async () => (await keysOf(client)).length === 1);
    other.state = 6;
    await other.heard();
    // Nor where somebody asks the same at the same time who is content with it.
    const older = { max_staleness_ms: 60_000 };
    const [content, joining, exact] = await Promise.all([other.ask(older), other.ask(older), other.ask()]);
    for (const each of [content, joining])
      expect(each).toMatchObject({ cache: { status: 'hit', age_ms: expect.any(Number) }, sequences: [5] });
    expect(queries[1]?.cacheFigures.shared).toBe(1);
    expect(exact).toMatchObject({ cache: { status: 'miss' }, sequences: [6] });
    // What is newer than the asking service knows of will do.
    await until(async () => (await sequenceIn(client)) === 6);
    const service = setting.another(shared(redis, patient));
    const third = new World(service.bus, one.record);
    await third.heard();
    await until(() => service.query.cacheFigures.redis?.connected === true);
    expect(await third.ask()).toMatchObject({ cache: { status: 'hit' }, sequences: [6] });
    expect(third.searched).toBe(0);
  });

  it('is not believed when it lies: cut, changed, another search’s, or no value at all', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, other, queries] = await twoServices(setting, shared(redis, patient));
    using client = connected(redis);
    await one.ask({}, [spec({ k: 1 })]);
    await until(async () => (await keysOf(client)).length === 1);
    const [foreign] = await keysOf(client);
    await one.ask();
    await until(async () => (await keysOf(client)).length === 2);
    const key = (await keysOf(client)).find((each) => each !== foreign) ?? '';
    const value = (await client.getBuffer(key)) ?? Buffer.of();
    const flipped = Buffer.from(value);
    flipped.writeUInt8(flipped.readUInt8(value.length - 3) ^ 1, value.length - 3);
    const another = (await client.getBuffer(foreign ?? '')) ?? Buffer.of();
    const nonsense = seal(key.slice('vz:cache:'.length), Buffer.of(0xc1));
    for (const lie of [value.subarray(0, 40), flipped, another, nonsense, Buffer.of(), Buffer.from('{"hits":[]}')]) {
      await client.set(key, lie);
      other.searched = 0;
      expect(await other.ask()).toMatchObject({ cache: { status: 'miss' }, results: [{ hits: [hit('at-5')] }] });
      expect(other.searched).toBe(1);
      await until(async () => (await client.getBuffer(key))?.equals(lie) === false);
    }
    expect(queries[1]?.cacheFigures.redis).toMatchObject({ hits: 0 });
    expect(queries[1]?.cacheFigures.redis?.damaged).toBeGreaterThan(0);
    await client.del(key);
    await client.lpush(key, 'a list');
    expect(await other.status()).toBe('miss');
  });

  it('is done without while it is away, and used again when it is back, empty', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, other, queries] = await twoServices(setting, shared(redis, patient));
    await redis.kill();
    await until(() => queries.every((query) => query.cacheFigures.redis?.connected === false));
    expect([await one.status(), await other.status()]).toEqual(['miss', 'miss']);
    await redis.restart();
    await until(() => queries.every((query) => query.cacheFigures.redis?.connected));
    await until(async () => (await one.status()) === 'hit');
    await until(async () => (await other.status()) === 'hit');
  });

  it('keeps nobody waiting while it answers nothing, and is connected to anew', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, , queries] = await twoServices(setting, shared(redis, patient));
    await one.ask();
    one.slowMs = 0;
    redis.pause();
    const times: number[] = [];
    for (let k = 10; k < 410; k++) {
      const startMs = performance.now();
      expect(await one.status({ k })).toBe('miss');
      times.push(performance.now() - startMs);
    }
    // 16 lookups wait their few milliseconds before asking has turned out not to pay, then one of 32 does.
    expect(times.toSorted((a, b) => a - b)[times.length / 2]).toBeLessThan(4);
    expect(queries[0]?.cacheFigures.redis?.skipped).toBeGreaterThan(300);
    await until(() => queries[0]?.cacheFigures.redis?.connected === false);
    redis.resume();
    await until(() => queries[0]?.cacheFigures.redis?.connected === true);
  });

  it('is asked for a collection’s answers by what that is worth, whatever others gain by it', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis, patient) });
    const [one, , queries] = await twoServices(setting, shared(redis, patient));
    const [figures] = queries;
    using client = connected(redis);
    const unique = new World(setting.bus, await setting.collection([['b']], 'unique'), 'b');
    await unique.heard();
    expect(await one.status()).toBe('miss');
    await until(async () => (await keysOf(client)).length === 1);
    // Nobody asks the same of it again: after 16 lookups it is as good as never looked up.
    for (let k = 10; k < 110; k++) expect(await unique.status({ k })).toBe('miss');
    const skipped = figures?.cacheFigures.redis?.skipped ?? 0;
    expect(skipped).toBeGreaterThan(70);
    for (let i = 0; i < 10; i++) expect(await one.status()).toBe('hit');
    expect(figures?.cacheFigures.redis?.skipped).toBe(skipped);
  });

  it('goes on when it is full or flushed', async () => {
    await using redis = await startRedis();
    await using setting = await startQuery({ cache: shared(redis) });
    const [one, other] = await twoServices(setting, shared(redis, patient));
    using client = connected(redis);
    await client.config('SET', 'maxmemory', '1');
    expect([await one.status(), await other.status()]).toEqual(['miss', 'miss']);
    // Both answers are sent to be stored some time later: neither may come when there is room again.
    await until(async () => (await refusedIn(client)) === 2);
    await client.config('SET', 'maxmemory', '0');
    await one.ask();
    await until(async () => (await keysOf(client)).length === 1);
    await client.flushall();
    expect(await other.status()).toBe('miss');
  });

  it('remembers the most frequent searches, which a service makes again after a restart, if told to', async () => {
    await using redis = await startRedis();
    const warming = shared(redis, { bytesMax: 2 ** 20, warmUp: 2 });
    await using setting = await startQuery({ cache: warming });
    const one = await openWorld(setting);
    one.slowMs = SLOW_MS;
    using client = connected(redis);
    await until(() => setting.query.cacheFigures.redis?.connected === true);
    for (const k of [5, 5, 6, 7, 7, 7]) await one.status({ k });
    await until(async () => (await client.exists('vz:cached:frequent')) === 1);
    await until(async () => (await keysOf(client)).length === 3);
    await client.del(...(await keysOf(client)));
    const service = setting.another(warming);
    const other = new World(service.bus, one.record);
    await other.heard();
    await until(() => other.searched === 2);
    expect([await other.status({ k: 7 }), await other.status({ k: 5 })]).toEqual(['hit', 'hit']);
    expect(other.searched).toBe(2);
    // A list that cannot be read is none. Nobody stores another one in its place meanwhile.
    for (const each of [setting.query, service.query]) each.close();
    await client.set('vz:cached:frequent', seal('frequent', Buffer.of(0xc1)));
    const { query } = setting.another({ ...warming, warmUp: 1 });
    await until(() => query.cacheFigures.redis?.damaged === 1);
  });
});

function connected(redis: RedisServer): Redis & Disposable {
  const client = new Redis(redis.url);
  return Object.assign(client, { [Symbol.dispose]: () => client.disconnect() });
}
