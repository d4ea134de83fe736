import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { slowQueries, type SlowQuery } from '@vectorizer/contracts';
import { startGateway, type Gateway } from './fixture.ts';

const slow: SlowQuery = {
  at: '2026-01-02T03:04:05.678Z',
  process: 'host:1',
  correlation_id: 'c-1',
  procedure: 'search',
  collection: 'books',
  took_ms: 120,
  stages: { shards: 119 },
  parameters: {},
};

describe('the slow queries', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());
  const get = async (query: string): Promise<{ status: number; body: unknown }> => {
    const { statusCode, json } = await gateway.app.inject({ url: `/api/v1/slow-queries${query}` });
    return { status: statusCode, body: json() };
  };

  it('answer 503 when no query process does', async () => {
    expect(await get('')).toMatchObject({ status: 503, body: { error: { type: 'service_unavailable' } } });
  });

  it('are asked for as the query says, and answered with who answered', async () => {
    const asked: unknown[] = [];
    gateway.bus.serve(slowQueries, async (input) => {
      asked.push(input);
      return Promise.resolve({ threshold_ms: 100, queries: [slow] });
    });
    const body = { threshold_ms: 100, processes: 1, unanswered: 0, queries: [slow] };
    expect(await get('')).toEqual({ status: 200, body });
    await get('?collection=books&min_ms=5&limit=7&order=slowest&timeout_ms=500');
    // All, whatever the limit: what the asker may not see does not count against it.
    expect(asked).toEqual([
      { limit: 256, order: 'newest' },
      { collection: 'books', min_ms: 5, limit: 256, order: 'slowest' },
    ]);
  });

  it('are those that a key may see, however many others came since', async () => {
    await using closed = await startGateway();
    const issued = async (roles: string[], collections: string[]): Promise<string> =>
      (
        await closed.access.keys.create(
          { name: 'k', roles, collections, events: [], rate: { tier: 'default' } },
          'test',
        )
      ).key;
    const [key] = [await issued(['viewer'], ['mine']), await issued(['admin'], ['*'])];
    const others = Array.from({ length: 60 }, (_, i) => ({ ...slow, at: `2026-01-03T00:00:${i % 60}.000Z` }));
    const queries = [...others, { ...slow, collection: 'mine' }];
    closed.bus.serve(slowQueries, async () => Promise.resolve({ threshold_ms: 100, queries }));
    const headers = { authorization: `Bearer ${key}` };
    const answer = await closed.app.inject({ url: '/api/v1/slow-queries?limit=5', headers });
    expect(answer.json<{ queries: unknown[] }>().queries).toEqual([{ ...slow, collection: 'mine' }]);
  });

  it('refuse a query that they do not understand', async () => {
    for (const bad of [
      '?limit=0',
      '?limit=257',
      '?limit=x',
      '?order=best',
      '?min_ms=-1',
      '?collection=a%20b',
      '?page=2',
    ]) {
      expect([bad, await get(bad)]).toMatchObject([
        bad,
        { status: 400, body: { error: { type: 'validation_error' } } },
      ]);
    }
  });
});
