import { hostname } from 'node:os';
import { expect, it } from '@jest/globals';
import { count, limits, search, slowQueries, type SlowQueriesQuery, type SlowQuery } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { context, serveNode, startQuery, type Setting } from './fixture.ts';

const vector = Float32Array.of(0.123, 0.456);
const spec = { vector, k: 3, ef: 40, with_payload: true, with_vector: false };

async function remembered(setting: Setting, asked: Partial<SlowQueriesQuery> = {}): Promise<readonly SlowQuery[]> {
  const input = { limit: 50, order: 'newest' as const, ...asked };
  const { queries, threshold_ms } = await setting.bus.call(slowQueries, input, { context: context() });
  expect(threshold_ms).toBe(100);
  return queries;
}

it('remembers what took long, with its stages and parameters, and no vector', async () => {
  await using setting = await startQuery({ slowMs: 100, port: 4_711 });
  const record = await setting.collection([['a']]);
  const node = serveNode(setting.bus, 'a');
  let tookMs = 99;
  node.search = async () => {
    setting.clock.nowMs += tookMs;
    return Promise.resolve({ sequence: 1, results: [], stages: { wait: 1, queue: 2, search: tookMs - 3 } });
  };
  const filter = { must: [{ key: 'year', match: { value: 1984 } }] };
  const input = { uid: record.uid, consistency: 'eventual' as const, searches: [{ ...spec, filter }] };
  await setting.bus.call(search, input, { context: context() });
  expect(await remembered(setting)).toEqual([]);
  tookMs = 100;
  await setting.bus.call(search, input, { context: context() });
  const [slow, ...others] = await remembered(setting);
  expect(others).toEqual([]);
  expect(slow).toEqual({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    process: `${hostname()}:4711`,
    correlation_id: 'c-1',
    procedure: 'search',
    collection: 'books',
    took_ms: 100,
    stages: { plan: 0, shards: 100, wait: 1, queue: 2, search: 97 },
    parameters: { consistency: 'eventual', searches: [{ ...spec, vector: { dimension: 2 }, filter }] },
  });
  expect(JSON.stringify(slow)).not.toContain('0.123');
});

it('remembers a read that failed late, and bounds what it keeps of large parameters', async () => {
  await using setting = await startQuery({ slowMs: 100 });
  const record = await setting.collection([['a']]);
  const node = serveNode(setting.bus, 'a');
  node.count = async () => {
    setting.clock.nowMs += 5_000;
    return Promise.reject(new Failure('storage_error', 'the disk is gone'));
  };
  const any = Array.from({ length: 1_000 }, (_, i) => `a value of some length, number ${i}`);
  const filter = { must: [{ key: 'tag', match: { any } }] };
  const input = { uid: record.uid, consistency: 'eventual' as const, filter };
  await expect(setting.bus.call(count, input, { context: context() })).rejects.toMatchObject({
    type: expect.any(String),
  });
  const [failed] = await remembered(setting);
  expect(failed).toMatchObject({ procedure: 'count', took_ms: 5_000, failure: expect.any(String) });
  expect(failed?.parameters).toEqual({ omitted_characters: expect.any(Number) });
});

it('keeps the newest, and finds them by collection and time, newest or slowest first', async () => {
  await using setting = await startQuery({ slowMs: 100 });
  const [books, films] = [await setting.collection([['a']]), await setting.collection([['a']], 'films')];
  const node = serveNode(setting.bus, 'a');
  let tookMs = 0;
  node.count = async () => {
    setting.clock.nowMs += tookMs;
    return Promise.resolve({ sequence: 1, count: 0, warnings: [] });
  };
  const ask = async (uid: typeof books.uid, ms: number): Promise<unknown> => {
    tookMs = ms;
    return setting.bus.call(count, { uid, consistency: 'eventual' }, { context: context() });
  };
  await ask(books.uid, 900);
  for (let i = 0; i < limits.slowQueriesMax; i++) await ask(films.uid, 100 + (i % 50));
  expect(await remembered(setting, { collection: books.name })).toEqual([]);
  await ask(books.uid, 120);
  const all = await remembered(setting, { limit: limits.slowQueriesMax, order: 'slowest' });
  expect(all).toHaveLength(limits.slowQueriesMax);
  expect(all[0]?.took_ms).toBe(149);
  expect((await remembered(setting, { min_ms: 149 })).every(({ took_ms }) => took_ms === 149)).toBe(true);
  expect(await remembered(setting, { collection: books.name })).toMatchObject([{ collection: 'books', took_ms: 120 }]);
  expect(await remembered(setting, { limit: 1, order: 'slowest' })).toHaveLength(1);
});
