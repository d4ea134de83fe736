import { describe, expect, it } from '@jest/globals';
import { NewCollection, progress, search, unindexedFilter, type SearchSpec } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { printMetrics } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import { caching, context, node, serveNode, startQuery } from './fixture.ts';
import { ask, hit, openWorld, spec } from './world.ts';

const miss = { status: 'miss' };
const hitOfAge = { status: 'hit', age_ms: expect.any(Number) };

describe('an answer in memory', () => {
  it('is given again as it was, with its sequence, until a newer state is known', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const first = await world.ask();
    expect(first).toMatchObject({ cache: miss, sequences: [5] });
    expect(await world.ask()).toEqual({ ...first, cache: hitOfAge });
    expect(world.searched).toBe(1);
    world.state = 6;
    expect(await world.status()).toBe('hit');
    await world.heard();
    expect(await world.ask()).toMatchObject({ cache: miss, sequences: [6] });
    expect(await world.status()).toBe('hit');
  });

  it('tells apart the time that was spent on looking for it', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const stages = async (more: object = {}): Promise<string[]> => {
      const input = { uid: world.record.uid, consistency: 'eventual' as const, searches: [spec()], ...more };
      const answer = await setting.bus.call(search, input, { context: context() });
      return Object.keys(answer.stages ?? {});
    };
    expect(await stages({ bypass_cache: true })).toEqual(['plan', 'shards']);
    expect(await stages()).toEqual(['plan', 'cache', 'shards']);
    expect(await stages()).toEqual(['plan', 'cache']);
  });

  it('is not given once an index node has said that it has applied more', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    world.state = 6;
    const applied = [{ uid: world.record.uid, shard: 0, sequence: 6 }];
    const tell = async (name: string): Promise<void> => {
      setting.bus.announce(progress, { node: node(name), applied });
      await Promise.resolve();
      await Promise.resolve();
    };
    await tell('stranger');
    expect(await world.status()).toBe('hit');
    await tell('a');
    expect(await world.ask()).toMatchObject({ cache: miss, sequences: [6] });
  });

  it('is not given to who has seen more, and what that one gets is given to the others', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    world.state = 7;
    expect(await world.ask({ consistency: 'session', seen: [7] })).toMatchObject({ cache: miss, sequences: [7] });
    expect(await world.ask({ consistency: 'session', seen: [6] })).toMatchObject({ cache: hitOfAge, sequences: [7] });
    expect(await world.ask()).toMatchObject({ cache: hitOfAge, sequences: [7] });
  });

  it('is not given to a strong read that began after a write was acknowledged, nor to a bounded one after its time', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const { uid } = world.record;
    await setting.log.ensureStreams(uid, 1);
    const append = async (id: string): Promise<number> => {
      const request = { id, ops: [{ kind: 'delete' as const, id: 'x' }] };
      return (await setting.log.writer(uid, 0).append(request, Date.now() + 5_000)).sequence;
    };
    world.state = await append('first');
    await world.heard();
    await world.ask();
    expect((await world.ask({ consistency: 'strong' })).cache).toEqual(hitOfAge);
    expect((await world.ask({ consistency: 'bounded', max_lag_ms: 100 })).cache).toEqual(hitOfAge);
    world.state = await append('second');
    // The strong read has looked at the end of the log before that.
    expect((await world.ask({ consistency: 'bounded', max_lag_ms: 100 })).cache).toEqual(hitOfAge);
    expect(await world.ask({ consistency: 'strong' })).toMatchObject({ cache: miss, sequences: [2] });
    world.state = await append('third');
    setting.clock.nowMs += 101;
    expect(await world.ask({ consistency: 'bounded', max_lag_ms: 100 })).toMatchObject({ cache: miss, sequences: [3] });
    expect((await world.ask({ consistency: 'bounded', max_lag_ms: 0 })).cache).toEqual(hitOfAge);
  });

  it('is not given while nobody has told lately what is applied', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    setting.clock.nowMs += 3_000;
    expect(await world.status()).toBe('hit');
    setting.clock.nowMs += 1;
    // The answer itself is news.
    expect(await world.status()).toBe('miss');
    expect(await world.status()).toBe('hit');
  });

  it('is not given any more, nor waited for, once a replica that it may be of has turned out to have diverged', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const before = world.ask({}, [spec({ k: 9 })]);
    await until(() => world.searched === 2);
    await world.heard('diverged');
    await world.heard();
    expect([await world.status(), await world.status({ k: 9 })]).toEqual(['miss', 'miss']);
    expect(await world.status({}, { max_staleness_ms: 60_000 })).toBe('miss');
    gate.resolve();
    expect((await before).cache).toEqual(miss);
    expect(setting.query.cacheFigures.shared).toBe(0);
  });

  it('is of its own collection, also when that has the name of one that was dropped', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    await setting.catalog.drop('books');
    await expect(world.ask()).rejects.toMatchObject({ type: 'collection_not_found' });
    const record = await setting.catalog.create(NewCollection.parse({ name: 'books', dimension: 2 }), () => [
      [node('b')],
    ]);
    const again = serveNode(setting.bus, 'b');
    expect((await ask(setting.bus, record)).cache).toEqual(miss);
    expect(again.asked).toHaveLength(1);
  });
});

const filter = (value: number): SearchSpec['filter'] => ({ must: [{ key: 'year', match: { value } }] });

describe('a search with another', () => {
  it.each<[string, Partial<SearchSpec>, Partial<SearchSpec>]>([
    ['vector', {}, { vector: Float32Array.of(1, 1e-7) }],
    ['k', {}, { k: 4 }],
    ['ef', { ef: 10 }, { ef: 11 }],
    ['ef than the default', {}, { ef: 64 }],
    ['exactness', {}, { exact: true }],
    ['filter', { filter: filter(1) }, { filter: filter(2) }],
    ['filter than none', {}, { filter: {} }],
    ['threshold, however close', { score_threshold: 0.1234 }, { score_threshold: 0.1239 }],
    ['threshold, below zero', { score_threshold: 0 }, { score_threshold: -0.0001 }],
    ['rescoring', { quantization: { rescore: true } }, { quantization: { rescore: false } }],
    ['oversampling', { quantization: { oversampling: 2 } }, { quantization: { oversampling: 3 } }],
    ['payload', {}, { with_payload: true }],
    ['vectors in the answer', {}, { with_vector: true }],
  ])('%s has an answer of its own', async (_, one, other) => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    expect([await world.status(one), await world.status(other)]).toEqual(['miss', 'miss']);
    expect([await world.status(one), await world.status(other)]).toEqual(['hit', 'hit']);
  });

  it('order of its fields, or the default said aloud, has the same answer', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask({}, [{ vector: Float32Array.of(1, 0), k: 3, with_payload: false, with_vector: false }]);
    expect(
      await world.ask({}, [
        {
          with_vector: false,
          exact: false,
          filter: undefined,
          k: 3,
          with_payload: false,
          vector: Float32Array.of(1, 0),
        },
      ]),
    ).toMatchObject({ cache: hitOfAge });
  });
});

describe('searches at the same time', () => {
  it('that are the same are searched once', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const asked = Array.from({ length: 20 }, async () => world.ask());
    await until(() => world.searched === 1);
    gate.resolve();
    const answers = await Promise.all(asked);
    expect(answers.map(({ results }) => results)).toEqual(answers.map(() => answers[0]?.results));
    expect(world.searched).toBe(1);
    expect(setting.query.cacheFigures).toMatchObject({ shared: 19, memory: { misses: 20, hits: 0 } });
  });

  it('are searched apart when one demands more than the other is sure to bring', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const older = world.ask();
    await until(() => world.searched === 1);
    world.state = 6;
    expect(await world.ask({ consistency: 'session', seen: [6] })).toMatchObject({ sequences: [6] });
    gate.resolve();
    expect(await older).toMatchObject({ sequences: [5] });
    expect(await world.ask()).toMatchObject({ cache: hitOfAge, sequences: [6] });
  });

  it('are searched apart when one waits for what no replica is known to have, and the other for nothing', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const ahead = world.ask({ consistency: 'session', seen: [6] });
    await until(() => world.searched === 1);
    expect(await world.ask()).toMatchObject({ cache: miss, sequences: [5] });
    world.state = 6;
    gate.resolve();
    await ahead;
    expect(setting.query.cacheFigures.shared).toBe(0);
  });

  it('do not fail for one that demanded more than they do', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const demanding = world.ask({ consistency: 'session', seen: [5] }, [spec()], 10_000);
    await until(() => world.searched === 1);
    const content = world.ask();
    await until(() => setting.query.cacheFigures.shared === 1);
    gate.reject(new Failure('token_ahead', 'the log ends at 4'));
    await expect(demanding).rejects.toMatchObject({ type: 'token_ahead' });
    expect(await content).toMatchObject({ cache: miss, sequences: [5] });
  });

  it('outlive the one that was first when it runs out of time', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const { promise: never } = Promise.withResolvers<void>();
    world.gates.push(never);
    const hasty = world.ask({}, [spec()], 200);
    const patient = world.ask({}, [spec()], 10_000);
    await expect(hasty).rejects.toMatchObject({ type: 'deadline_exceeded' });
    expect(await patient).toMatchObject({ cache: miss, sequences: [5] });
  });
});

describe('a batch', () => {
  it('searches for what is not known, once, and answers in order', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask({}, [spec({ k: 1 })]);
    const batch = [spec({ k: 2 }), spec({ k: 1 }), spec({ k: 2 }), spec({ k: 3 })];
    world.searched = 0;
    const mixed = { status: 'miss', age_ms: expect.any(Number) };
    expect(await world.ask({}, batch)).toMatchObject({ cache: mixed, sequences: [5] });
    expect(world.searched).toBe(2);
    expect(await world.ask({}, batch)).toMatchObject({ cache: hitOfAge, sequences: [5] });
    expect(world.searched).toBe(2);
  });

  it('that waits for what another call searches for gives nobody the part that it has found meanwhile', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise);
    const slow = world.ask({}, [spec({ k: 1 })]);
    await until(() => world.searched === 1);
    const batch = world.ask({}, [spec({ k: 2 }), spec({ k: 1 })]);
    await until(async () => (await world.status({ k: 2 }, { max_staleness_ms: 60_000 })) === 'hit');
    world.state = 6;
    await world.heard();
    expect(await world.ask({}, [spec({ k: 2 })])).toMatchObject({ cache: miss, sequences: [6] });
    gate.resolve();
    expect([(await batch).sequences, (await slow).sequences]).toEqual([[5], [5]]);
  });

  it('whose searches saw different states keeps each under its own', async () => {
    await using setting = await startQuery({ cache: caching() });
    serveNode(setting.bus, 'c').search = async () =>
      Promise.resolve({
        sequence: 5,
        reflected: [5, 6],
        results: [hit('old'), hit('new')].map((each) => ({ hits: [each], warnings: [] })),
      });
    const record = await setting.collection([['c']], 'films');
    const both = await ask(setting.bus, record, { searches: [spec({ k: 1 }), spec({ k: 2 })] });
    expect(both).toMatchObject({ cache: miss, sequences: [5] });
    const newer = { consistency: 'session' as const, seen: [6], searches: [spec({ k: 2 })] };
    expect(await ask(setting.bus, record, newer)).toMatchObject({ cache: hitOfAge, sequences: [6] });
  });
});

describe('a search that says so', () => {
  it('gets an answer that writes have overtaken, if it is young enough and has what was seen', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    world.state = 8;
    await world.heard();
    const old = await world.ask({ max_staleness_ms: 60_000 });
    expect(old).toMatchObject({ cache: hitOfAge, sequences: [5] });
    const seen = { consistency: 'session' as const, seen: [6] };
    expect(await world.ask({ ...seen, max_staleness_ms: 60_000 })).toMatchObject({ cache: miss, sequences: [8] });
    expect(await world.ask({ max_staleness_ms: 0 })).toMatchObject({ cache: hitOfAge, sequences: [8] });
    world.state = 9;
    await world.heard();
    await until(async () => (await world.ask({ max_staleness_ms: 5 })).cache.status === 'miss');
  });

  it('is answered past the cache, as is every search of a collection without one', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    expect(await world.status({}, { bypass_cache: true })).toBe('bypass');
    expect(world.searched).toBe(2);
    await setting.catalog.update('books', (record) => ({ ...record, cache: false }));
    expect(await world.status()).toBe('bypass');
    await setting.catalog.update('books', (record) => ({ ...record, cache: true }));
    expect(await world.status()).toBe('hit');
    expect(setting.query.cacheFigures.bypasses).toBe(2);
  });

  it('counts in the metrics of its process, once for each search', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    await world.ask();
    await world.ask();
    await world.status({}, { bypass_cache: true });
    const series = (await printMetrics()).text.split('\n');
    for (const [status, count] of Object.entries({ hit: 1, miss: 1, bypass: 1 }))
      expect(series).toContain(`vectorizer_cache_requests_total{cache_type="memory",status="${status}"} ${count}`);
    const { bytes } = setting.query.cacheFigures.memory;
    expect(bytes).toBeGreaterThan(0);
    expect(series).toContain(`vectorizer_cache_size_bytes{cache_type="memory"} ${bytes}`);
    expect(series).toContain(`vectorizer_memory_usage_bytes{type="cache"} ${bytes}`);
    setting.query.close();
    expect((await printMetrics()).text).not.toContain('vectorizer_cache_requests_total{');
  });
});

describe('the memory of a cache', () => {
  it('is bounded in bytes: the least used answers go, and one that is too large is not kept', async () => {
    await using setting = await startQuery({ cache: caching({ bytesMax: 20_000, entryBytesMax: 4_000 }) });
    const world = await openWorld(setting);
    world.hits = [hit('a', 'x'.repeat(3_000))];
    for (let k = 1; k <= 10; k++) await world.status({ k });
    const { memory } = setting.query.cacheFigures;
    expect(memory.bytes).toBeLessThanOrEqual(20_000);
    expect(memory).toMatchObject({ entries: 5, evictions: 5, misses: 10, hits: 0, bytes_max: 20_000 });
    expect([await world.status({ k: 1 }), await world.status({ k: 10 })]).toEqual(['miss', 'hit']);
    world.hits = [hit('a', 'x'.repeat(5_000))];
    expect([await world.status({ k: 50 }), await world.status({ k: 50 })]).toEqual(['miss', 'miss']);
    world.hits = [hit('a', '\u4e00'.repeat(2_000))];
    expect([await world.status({ k: 60 }), await world.status({ k: 60 })]).toEqual(['miss', 'miss']);
  });

  it('does not keep a failure', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    world.gates.push(Promise.reject(new Failure('validation_error', 'no')));
    await expect(world.ask()).rejects.toMatchObject({ type: 'validation_error' });
    expect(await world.status()).toBe('miss');
  });

  it('keeps no warning about an index that may be ready next time', async () => {
    await using setting = await startQuery({ cache: caching() });
    serveNode(setting.bus, 'c').search = async ({ searches }) =>
      Promise.resolve({
        sequence: 1,
        results: searches.map(() => ({ hits: [], warnings: [unindexedFilter(['year'])] })),
      });
    const record = await setting.collection([['c']], 'films');
    const status = async (): Promise<string> => (await ask(setting.bus, record)).cache.status;
    expect([await status(), await status()]).toEqual(['miss', 'hit']);
    await setting.catalog.update('films', (found) => ({
      ...found,
      payload_indexes: [{ key: 'year', type: 'integer' }],
    }));
    expect([await status(), await status()]).toEqual(['miss', 'miss']);
  });
});

describe('a token', () => {
  it('of what the log does not have is refused soon, and one that is only ahead of the replicas is waited for', async () => {
    await using setting = await startQuery({ cache: caching() });
    const world = await openWorld(setting);
    const { uid } = world.record;
    await setting.log.ensureStreams(uid, 1);
    const request = { id: 'r', ops: [{ kind: 'delete' as const, id: 'x' }] };
    const { sequence } = await setting.log.writer(uid, 0).append(request, Date.now() + 5_000);
    world.state = 0;
    await world.heard();
    setting.clock.nowMs += 10_000;
    const gate = Promise.withResolvers<void>();
    world.gates.push(gate.promise, gate.promise);
    const waiting = world.ask({ consistency: 'session', seen: [sequence] });
    await expect(world.ask({ consistency: 'session', seen: [sequence + 1] }, [spec({ k: 9 })])).rejects.toMatchObject({
      type: 'token_ahead',
      details: { shard: 0, demanded: sequence + 1, log_ends_at: sequence },
    });
    gate.resolve();
    expect((await waiting).results).toHaveLength(1);
  });
});
