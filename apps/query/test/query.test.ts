import { describe as about, expect, it } from '@jest/globals';
import {
  count,
  describe,
  NewCollection,
  progress,
  read,
  scroll,
  search,
  shardOf,
  unindexedFilter,
  type CollectionRecord,
  type Hit,
  type SearchSpec,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { printMetrics } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import type { z } from 'zod';
import { beat, context, serveNode, node, report, startQuery } from './fixture.ts';

const vector = Float32Array.of(1, 0);
const spec = (k = 3): SearchSpec => ({ vector, k, with_payload: false, with_vector: false });
const hit = (id: string, score: number): Hit => ({ id, score, version: 1 });
const fields = { with_payload: true, with_vector: false };
const never = <T>(): Promise<T> => Promise.withResolvers<T>().promise;
const eventual = (record: CollectionRecord) => ({ uid: record.uid, consistency: 'eventual', ...fields }) as const;
const searching = (record: CollectionRecord): z.output<typeof search.input> => ({
  uid: record.uid,
  consistency: 'eventual',
  searches: [spec()],
});
const counting = (record: CollectionRecord, seen: number): z.output<typeof count.input> => ({
  uid: record.uid,
  consistency: 'session',
  seen: [seen],
});
const behind = (applied: number) => async (): Promise<never> => {
  throw new Failure('replica_behind', 'not yet', { details: { applied } });
};
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function metric(name: string): Promise<number> {
  const { text } = await printMetrics();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

about('a search', () => {
  it('tells where its time went: its own stages, and those of the shard that took longest', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['b']]);
    const [a, b] = [serveNode(setting.bus, 'a'), serveNode(setting.bus, 'b')];
    a.search = async () => ({ sequence: 1, results: [], stages: { wait: 1, queue: 1, search: 1 } });
    b.search = async () => {
      setting.clock.nowMs += 40;
      return { sequence: 1, results: [], stages: { wait: 30, queue: 2, search: 5 } };
    };
    const { stages } = await setting.bus.call(search, searching(record), { context: context() });
    expect(stages).toEqual({ plan: 0, shards: 40, wait: 30, queue: 2, search: 5, merge: 0 });
    for (const stage of ['plan', 'shards', 'merge'])
      expect(await metric(`vectorizer_search_stage_seconds_count{stage="${stage}"}`)).toBe(1);
  });

  it('is merged over the shards, with the sequence of each', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['b']]);
    const [a, b] = [serveNode(setting.bus, 'a'), serveNode(setting.bus, 'b')];
    const warnings = [unindexedFilter(['year'])];
    a.search = async () => ({ sequence: 7, results: [{ hits: [hit('x', 0.9), hit('y', 0.5)], warnings }] });
    b.search = async () => ({ sequence: 9, results: [{ hits: [hit('w', 0.5), hit('z', 0.4)], warnings }] });
    const answer = await setting.bus.call(search, searching(record), { context: context() });
    expect(answer).toEqual({
      stages: { plan: 0, shards: 0, merge: 0 },
      sequences: [7, 9],
      results: [{ hits: [hit('x', 0.9), hit('w', 0.5), hit('y', 0.5)], warnings }],
      cache: { status: 'bypass' },
    });
    expect(a.asked).toMatchObject([{ shard: 0, min_sequence: 0 }]);
    expect(b.asked).toMatchObject([{ shard: 1, min_sequence: 0 }]);
  });

  it('hands a single shard’s answer on as it is', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a']]);
    const results = [{ hits: [hit('x', 0.9)], warnings: [] }];
    serveNode(setting.bus, 'a').search = async () => ({ sequence: 3, results });
    const answer = await setting.bus.call(search, searching(record), { context: context() });
    expect(answer.results[0]).toBe(results[0]);
    expect(answer.sequences).toEqual([3]);
  });

  it('of a collection that another process has just created waits for the news', async () => {
    await using setting = await startQuery();
    serveNode(setting.bus, 'a');
    const made = await setting.elsewhere.create(NewCollection.parse({ name: 'new', dimension: 2 }), () => [
      [node('a')],
    ]);
    expect((await setting.bus.call(search, searching(made), { context: context() })).sequences).toEqual([1]);
  });

  it('of a collection that does not exist is told so within a second', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a']]);
    await setting.catalog.drop('books');
    const started = performance.now();
    await expect(setting.bus.call(search, searching(record), { context: context() })).rejects.toMatchObject({
      type: 'collection_not_found',
    });
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

about('what a read demands', () => {
  it('is nothing, what the client has seen, or what is in the log now', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['a']]);
    const a = serveNode(setting.bus, 'a');
    a.count = async () => Promise.resolve({ sequence: 0, count: 0, warnings: [] });
    await setting.log.ensureStreams(record.uid, 2);
    const request = { id: 'r', ops: [{ kind: 'delete', id: 'x' }] } as const;
    const logged = await setting.log
      .writer(record.uid, 1)
      .append({ ...request, ops: [...request.ops] }, Date.now() + 5_000);
    const demand = async (consistency: 'eventual' | 'session' | 'strong'): Promise<number[]> => {
      a.asked.length = 0;
      const asked = { uid: record.uid, consistency, seen: [4] };
      await setting.bus.call(count, asked, { context: context() });
      return a.asked.toSorted((x, y) => x.shard - y.shard).map(({ min_sequence }) => min_sequence);
    };
    expect(await demand('eventual')).toEqual([0, 0]);
    expect(await demand('session')).toEqual([4, 0]);
    expect(await demand('strong')).toEqual([4, logged.sequence]);
    // Or what a replica has of it, though the log's leader may not know of that yet.
    await beat(setting.bus, { ...report(record, { node: 'a', shard: 1 }), applied_sequence: logged.sequence + 1 });
    expect(await demand('strong')).toEqual([4, logged.sequence + 1]);
  });

  it('that no replica has reached is answered with how far behind they are', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'b']]);
    serveNode(setting.bus, 'a').count = behind(5);
    serveNode(setting.bus, 'b').count = behind(8);
    await expect(setting.bus.call(count, counting(record, 12), { context: context() })).rejects.toMatchObject({
      type: 'replica_behind',
      details: { shard: 0, demanded: 12, applied: 8, lag_entries: 4 },
    });
  });

  it('is answered so too when a replica known to be behind ran out of time', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a']]);
    serveNode(setting.bus, 'a').count = never;
    await beat(setting.bus, { ...report(record, { node: 'a' }), applied_sequence: 3 });
    await expect(setting.bus.call(count, counting(record, 12), { context: context(300) })).rejects.toMatchObject({
      type: 'replica_behind',
      details: { shard: 0, demanded: 12, applied: 3, lag_entries: 9 },
    });
  });
});

about('a replica that must wait for what is demanded', () => {
  it('is not waited for where another has it, though no heartbeat has said so: more often than there are hedges', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['held', 'b']]);
    const held = serveNode(setting.bus, 'held');
    const gate = Promise.withResolvers<never>();
    held.count = () => gate.promise;
    serveNode(setting.bus, 'b').count = async () => Promise.resolve({ sequence: 12, count: 1, warnings: [] });
    // The heartbeats of both are of long ago.
    for (const name of ['held', 'b']) await beat(setting.bus, report(record, { node: name }));
    const startedMs = performance.now();
    const ask = async (): Promise<unknown> =>
      setting.bus.call(count, counting(record, 12), { context: context(20_000) });
    await Promise.all(Array.from({ length: 60 }, ask));
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const { length } = held.asked;
    expect(length).toBeGreaterThan(20);
    // From here on it is known who has it.
    for (let i = 0; i < 20; i++) await ask();
    expect(held.asked).toHaveLength(length);
    gate.reject(new Failure('service_unavailable', 'too late to matter'));
  });

  it('is not asked where another says that it has it', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['held', 'b']]);
    const held = serveNode(setting.bus, 'held');
    held.count = never;
    serveNode(setting.bus, 'b').count = async () => Promise.resolve({ sequence: 13, count: 1, warnings: [] });
    for (const name of ['held', 'b']) await beat(setting.bus, report(record, { node: name }));
    const tell = async (name: string, sequence: number): Promise<void> => {
      setting.bus.announce(progress, { node: node(name), applied: [{ uid: record.uid, shard: 0, sequence }] });
      await Promise.resolve();
      await Promise.resolve();
    };
    await tell('b', 12);
    await tell('held', 2);
    for (let i = 0; i < 10; i++) await setting.bus.call(count, counting(record, 12), { context: context() });
    // Also what nobody is known to have comes to those first that keep up.
    await setting.bus.call(count, counting(record, 13), { context: context() });
    expect(held.asked).toEqual([]);
  });
});

about('a replica that does not answer', () => {
  it.each(['service_unavailable', 'overloaded', 'replica_behind', 'replica_diverged', 'storage_error'] as const)(
    'with %s is replaced by another',
    async (type) => {
      await using setting = await startQuery();
      const record = await setting.collection([['a', 'b']]);
      const a = serveNode(setting.bus, 'a');
      serveNode(setting.bus, 'b');
      a.search = async () => {
        throw new Failure(type, 'no');
      };
      const retries = await metric('vectorizer_query_retries_total');
      for (let i = 0; i < 4; i++) await setting.bus.call(search, searching(record), { context: context() });
      expect(a.asked.length).toBeGreaterThan(0);
      expect(await metric('vectorizer_query_retries_total')).toBe(retries + a.asked.length);
    },
  );

  it('because its node is gone is replaced by another', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['gone', 'b']]);
    serveNode(setting.bus, 'b');
    for (let i = 0; i < 4; i++)
      expect((await setting.bus.call(search, searching(record), { context: context() })).sequences).toEqual([1]);
  });

  it('by the client’s fault is not', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'b']]);
    const nodes = [serveNode(setting.bus, 'a'), serveNode(setting.bus, 'b')];
    for (const each of nodes) {
      each.search = async () => {
        throw new Failure('dimension_mismatch', 'no');
      };
    }
    await expect(setting.bus.call(search, searching(record), { context: context() })).rejects.toMatchObject({
      type: 'dimension_mismatch',
    });
    expect(nodes.flatMap(({ asked }) => asked)).toHaveLength(1);
  });

  it('is asked again while none of a shard can be reached', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'b']]);
    const nodes = [serveNode(setting.bus, 'a'), serveNode(setting.bus, 'b')];
    let tries = 0;
    for (const each of nodes) {
      const { search: answer } = each;
      each.search = async (...call) => {
        tries += 1;
        if (tries <= 5) throw new Failure('service_unavailable', 'it has lost its connection');
        return answer(...call);
      };
    }
    expect((await setting.bus.call(search, searching(record), { context: context() })).sequences).toEqual([1]);
    expect(tries).toBe(6);
    // Not beyond the time that there is.
    tries = -1_000;
    await expect(setting.bus.call(search, searching(record), { context: context(300) })).rejects.toMatchObject({
      type: 'index_unavailable',
      details: { shard: 0, replicas: { a: 'service_unavailable', b: 'service_unavailable' } },
    });
  });

  it('leaves index_unavailable when there is no other', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'gone']]);
    serveNode(setting.bus, 'a').search = async () => {
      throw new Failure('storage_error', 'disk full');
    };
    await expect(setting.bus.call(search, searching(record), { context: context() })).rejects.toMatchObject({
      type: 'index_unavailable',
      http: 503,
      details: { shard: 0, replicas: { a: 'storage_error', gone: 'service_unavailable' } },
    });
  });

  it('leaves index_unavailable when all have stopped, without asking them', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a']]);
    const a = serveNode(setting.bus, 'a');
    await beat(setting.bus, { ...report(record, { node: 'a' }), phase: 'diverged' });
    await expect(setting.bus.call(search, searching(record), { context: context() })).rejects.toMatchObject({
      type: 'index_unavailable',
      details: { shard: 0, replicas: { a: 'replica_diverged' } },
    });
    expect(a.asked).toEqual([]);
  });

  it('in time leaves deadline_exceeded when it is the only one', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a']]);
    serveNode(setting.bus, 'a').search = never;
    await expect(setting.bus.call(search, searching(record), { context: context(100) })).rejects.toMatchObject({
      type: 'deadline_exceeded',
    });
  });

  it('in its usual time is hedged: the first good answer wins', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['slow', 'b']]);
    const slow = serveNode(setting.bus, 'slow');
    const gate = Promise.withResolvers<never>();
    slow.search = () => gate.promise;
    serveNode(setting.bus, 'b');
    const hedges = await metric('vectorizer_query_hedges_total');
    // Each in turn, so both orders are met: hedging must happen whenever the slow one is first.
    for (let i = 0; i < 4; i++) {
      const started = performance.now();
      await setting.bus.call(search, searching(record), { context: context(20_000) });
      expect(performance.now() - started).toBeLessThan(5_000);
    }
    expect(slow.asked.length).toBeGreaterThan(0);
    expect(await metric('vectorizer_query_hedges_total')).toBe(hedges + slow.asked.length);
    gate.reject(new Failure('service_unavailable', 'too late to matter'));
  });

  it('is not hedged to a replica that has never caught up', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['slow', 'b']]);
    const slow = serveNode(setting.bus, 'slow');
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<never>();
    slow.search = () => {
      begun.resolve();
      return gate.promise;
    };
    const filling = serveNode(setting.bus, 'b');
    await beat(setting.bus, report(record, { node: 'slow' }));
    await beat(setting.bus, { ...report(record, { node: 'b' }), phase: 'syncing', shown: false });
    const hedges = await metric('vectorizer_query_hedges_total');
    const asked = setting.bus.call(search, searching(record), { context: context(2_000) });
    await begun.promise;
    // Given up at half of the time, and only then is the other one asked.
    await asked;
    expect(filling.asked).toHaveLength(1);
    expect(await metric('vectorizer_query_hedges_total')).toBe(hedges);
    gate.reject(new Failure('service_unavailable', 'too late to matter'));
  });

  it('is not hedged for ever when all are slow, but given up for another at half of the time', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'b']]);
    const nodes = [serveNode(setting.bus, 'a'), serveNode(setting.bus, 'b')];
    for (const each of nodes) each.search = never;
    const calls = Array.from({ length: 30 }, () =>
      setting.bus.call(search, searching(record), { context: context(1_000) }).catch((error: unknown) => error),
    );
    await until(() => nodes.flatMap(({ asked }) => asked).length > 30);
    const failures = (await Promise.all(calls)) as Failure[];
    expect(new Set(failures.map(({ type }) => type))).toEqual(new Set(['deadline_exceeded']));
    expect(nodes.flatMap(({ asked }) => asked)).toHaveLength(60);
  });
});

about('points by id', () => {
  it('come in the order asked, each once, from the shards that have them', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['b'], ['c']]);
    const nodes = ['a', 'b', 'c'].map((name) => serveNode(setting.bus, name));
    for (const each of nodes) {
      each.read = async ({ ids }) => ({
        sequence: 5,
        points: ids.filter((id) => id !== 'absent').map((id) => ({ id, version: 1 })),
      });
    }
    const ids = ['p9', 'p1', 'absent', 'p5', 'p1', 'p2', 'p7'];
    const answer = await setting.bus.call(read, { ...eventual(record), ids }, { context: context() });
    expect(answer.points.map(({ id }) => id)).toEqual(['p9', 'p1', 'p5', 'p2', 'p7']);
    const shards = new Set(ids.map((id) => shardOf(id, 3)));
    expect(answer.sequences).toEqual([0, 1, 2].map((shard) => (shards.has(shard) ? 5 : 0)));
  });

  it('do not concern the shards that hold none of them', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['a']]);
    const a = serveNode(setting.bus, 'a');
    await setting.bus.call(read, { ...eventual(record), ids: ['p1'] }, { context: context() });
    expect(a.asked.map(({ shard }) => shard)).toEqual([shardOf('p1', 2)]);
  });
});

about('a scroll', () => {
  it('walks all shards in the order of the ids’ bytes, without a gap or a repetition', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['b']]);
    const all = ['A', 'a', 'é', '日本', '\uffee', '\u{10000}', '\u{1f600}', '\u{1f600}a'];
    for (const [shard, name] of ['a', 'b'].entries()) {
      const ids = all.filter((id) => shardOf(id, 2) === shard).toSorted(byBytes);
      serveNode(setting.bus, name).scroll = async ({ after = '', limit }) => {
        const rest = ids.filter((id) => byBytes(id, after) > 0);
        const points = rest.slice(0, limit).map((id) => ({ id, version: 1 }));
        return { sequence: 2, points, more: rest.length > limit, warnings: [] };
      };
    }
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 0; page < all.length; page++) {
      const answer = await setting.bus.call(
        scroll,
        { ...eventual(record), limit: 3, ...(after === undefined ? {} : { after }) },
        { context: context() },
      );
      seen.push(...answer.points.map(({ id }) => id));
      expect(answer.sequences).toEqual([2, 2]);
      expect(answer.next).toBe(seen.length < all.length ? answer.points.at(-1)?.id : undefined);
      if (answer.next === undefined) break;
      after = answer.next;
    }
    expect(seen).toEqual(all.toSorted(byBytes));
  });
});

about('a count', () => {
  it('is the sum over the shards', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a'], ['b']]);
    serveNode(setting.bus, 'a').count = async () => ({ sequence: 1, count: 4, warnings: [] });
    serveNode(setting.bus, 'b').count = async () => ({ sequence: 2, count: 38, warnings: [] });
    const asked = { uid: record.uid, consistency: 'eventual' } as const;
    expect(await setting.bus.call(count, asked, { context: context() })).toEqual({
      sequences: [1, 2],
      count: 42,
      warnings: [],
    });
  });
});

about('a description', () => {
  it('has what was last heard of each replica, and nothing of a dropped collection', async () => {
    await using setting = await startQuery();
    const record = await setting.collection([['a', 'b']]);
    const replica = report(record, { node: 'a' });
    await beat(setting.bus, replica);
    await beat(setting.bus, { ...replica, points: 5 });
    const answer = await setting.bus.call(describe, { uid: record.uid }, { context: context() });
    expect(answer.replicas).toEqual([{ ...replica, points: 5 }]);
    await setting.catalog.drop('books');
    await beat(setting.bus, replica);
    await expect(setting.bus.call(describe, { uid: record.uid }, { context: context(50) })).rejects.toBeInstanceOf(
      Failure,
    );
  });
});
