import { describe, expect, it } from '@jest/globals';
import { failure, scripted, type Reply } from './scripted-server.ts';
import { VectorizerClient, type ClientOptions } from '../src/vectorizer-client.ts';
import { VectorizerError } from '../src/http/vectorizer-error.ts';

const client = (url: string | readonly string[], options: Partial<ClientOptions> = {}): VectorizerClient =>
  new VectorizerClient({ url, ...options });
const answer = (seen: string): Reply => ({
  status: 200,
  headers: { 'x-vectorizer-token': seen },
  body: { count: 0 },
});
const page = (ids: string[], next: string | null): Reply => ({
  status: 200,
  body: { points: ids.map((id) => ({ id, version: 1 })), next },
});
const point = { id: 'a', vector: [1, 2] };
const token = (...s: number[]): string => Buffer.from(JSON.stringify({ u: 'life', s })).toString('base64url');

describe('VectorizerClient', () => {
  it('retries a write under the same idempotency key until it is taken', async () => {
    const done = { total: 1, succeeded: 1, failed: 0, results: [], sequences: [4] };
    await using server = await scripted([
      failure(503, 'log_unavailable'),
      'hang up',
      failure(504, 'deadline_exceeded'),
      { status: 200, body: done },
    ]);
    await using api = client(server.url);
    expect(await api.upsert('books', [point])).toEqual(done);
    expect(server.seen).toHaveLength(4);
    const keys = new Set(server.seen.map(({ headers }) => headers['idempotency-key']));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes on with another gateway when one hangs up, without a pause, and stays there', async () => {
    await using gone = await scripted(['hang up']);
    await using there = await scripted([{ status: 200, body: { count: 1 } }]);
    await using api = client([gone.url, there.url], { attempts: 2 });
    for (let i = 0; i < 3; i++) expect(await api.count('books')).toEqual({ count: 1 });
    expect([gone.seen.length, there.seen.length]).toEqual([1, 3]);
  });

  it('asks another gateway as well when one keeps silent, a write under the same key', async () => {
    const done = { total: 1, succeeded: 1, failed: 0, results: [], sequences: [4] };
    await using silent = await scripted(['keep silent']);
    await using there = await scripted([{ status: 200, body: done }]);
    await using api = client([silent.url, there.url], { attempts: 1 });
    expect(await api.upsert('books', [point])).toEqual(done);
    const [first, second] = [silent.seen[0], there.seen[0]].map((seen) => seen?.headers['idempotency-key']);
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(await api.upsert('books', [point])).toEqual(done);
    expect(silent.seen).toHaveLength(1);
  });

  it('asks no second gateway for what must not be done twice', async () => {
    await using hasty = await scripted(['hang up']);
    await using other = await scripted([{ status: 200, body: {} }]);
    await using api = client([hasty.url, other.url]);
    await expect(api.deleteCollection('books')).rejects.toMatchObject({ type: 'connection_failed' });
    expect(other.seen).toHaveLength(0);
  });

  it('does not retry what would fail again, and throws the failure with all it carries', async () => {
    await using server = await scripted([failure(404, 'collection_not_found')]);
    await using api = client(server.url);
    const thrown = await api.count('books').catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(VectorizerError);
    expect(thrown).toMatchObject({
      type: 'collection_not_found',
      status: 404,
      details: { a: 1 },
      correlationId: 'c-1',
      retryable: false,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('waits as long as the server asks', async () => {
    await using server = await scripted([
      failure(429, 'overloaded', { 'retry-after': '1' }),
      { status: 200, body: { count: 3 } },
    ]);
    await using api = client(server.url);
    const start = performance.now();
    expect(await api.count('books')).toEqual({ count: 3 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it('gives up after the stated number of attempts', async () => {
    await using server = await scripted(['hang up']);
    await using api = client(server.url, { attempts: 2 });
    await expect(api.count('books')).rejects.toMatchObject({ type: 'connection_failed', status: 0, retryable: true });
    expect(server.seen).toHaveLength(2);
  });

  it('does not repeat a creation whose outcome is unknown', async () => {
    await using server = await scripted(['hang up']);
    await using api = client(server.url);
    await expect(api.createCollection({ name: 'books', dimension: 2 })).rejects.toMatchObject({
      type: 'connection_failed',
    });
    expect(server.seen).toHaveLength(1);
  });

  it('stops at once when its signal says so, also between attempts', async () => {
    await using server = await scripted([failure(503, 'log_unavailable', { 'retry-after': '10' })]);
    await using api = client(server.url);
    const controller = new AbortController();
    const call = api.upsert('books', [point], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    const start = performance.now();
    await expect(call).rejects.toThrow('enough');
    expect(performance.now() - start).toBeLessThan(8_000);
  });

  it('sends each collection the token that it last answered', async () => {
    await using server = await scripted([answer('t-books'), answer('t-films'), answer('t-books-2')]);
    await using api = client(server.url);
    await api.count('books');
    await api.count('films');
    await api.count('books');
    expect(server.seen.map(({ headers }) => headers['x-vectorizer-token'])).toEqual([undefined, undefined, 't-books']);
  });

  it('forgets a token of an earlier life of a collection and asks again', async () => {
    const first: Reply = { status: 200, headers: { 'x-vectorizer-token': 'old' }, body: { count: 1 } };
    await using server = await scripted([first, failure(400, 'invalid_token'), { status: 200, body: { count: 0 } }]);
    await using api = client(server.url);
    await api.count('books');
    expect(await api.count('books')).toEqual({ count: 0 });
    expect(server.seen.map(({ headers }) => headers['x-vectorizer-token'])).toEqual([undefined, 'old', undefined]);
  });

  it('sends a Float32Array as base64 and numbers as numbers', async () => {
    await using server = await scripted([{ status: 200, body: { hits: [] } }]);
    await using api = client(server.url);
    await api.search('books', { vector: Float32Array.of(1, 2), k: 3 });
    await api.search('books', { vector: [1, 2] });
    expect(server.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { vector: Buffer.from(Float32Array.of(1, 2).buffer).toString('base64'), k: 3 },
      { vector: [1, 2] },
    ]);
  });

  it('escapes names and ids in paths', async () => {
    await using server = await scripted([{ status: 200, body: { id: 'a/b ?%ü', version: 1 } }]);
    await using api = client(server.url);
    await api.getOne('books', 'a/b ?%ü');
    await api.deleteOne('books', { id: 'x', if_version: 7 }, { wait: 'logged', timeoutMs: 50 });
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/api/v1/collections/books/vectors/a%2Fb%20%3F%25%C3%BC',
      '/api/v1/collections/books/vectors/x?if_version=7&wait=logged&timeout_ms=50',
    ]);
  });

  it('reads every page of a scroll', async () => {
    await using server = await scripted([page(['a', 'b'], 'b'), page(['c'], null)]);
    await using api = client(server.url);
    const ids = await Array.fromAsync(api.scrollAll('books', { limit: 2 }), (found) => found.id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(server.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { limit: 2 },
      { limit: 2, after: 'b' },
    ]);
  });

  it('gives up when its time is up, whatever attempts are left', async () => {
    await using server = await scripted([failure(503, 'log_unavailable', { 'retry-after': '60' })]);
    await using api = client(server.url);
    const start = performance.now();
    await expect(api.count('books', {}, { deadlineMs: 20_000 })).rejects.toMatchObject({ type: 'log_unavailable' });
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(server.seen).toHaveLength(1);
  });

  it('calls an attempt that takes too long a timeout, and tries again', async () => {
    await using server = await scripted(['keep silent', { status: 200, body: { count: 2 } }]);
    await using api = client(server.url, { attemptMs: 100 });
    expect(await api.count('books')).toEqual({ count: 2 });
    await using silent = await scripted(['keep silent']);
    await using other = client(silent.url, { attempts: 1 });
    const late = other.count('books', {}, { deadlineMs: 100 });
    await expect(late).rejects.toMatchObject({ type: 'timeout', status: 0, retryable: true });
  });

  it('ends a request that is under way when its signal says so', async () => {
    await using server = await scripted(['keep silent']);
    await using api = client(server.url);
    const controller = new AbortController();
    const call = api.count('books', {}, { signal: controller.signal });
    while (server.seen.length === 0) await new Promise(setImmediate);
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(api.count('books', {}, { signal: controller.signal })).rejects.toThrow('enough');
    expect(server.seen).toHaveLength(1);
  });

  it('keeps what it has seen when answers come in another order than they were given', async () => {
    await using server = await scripted([answer(token(5, 0)), answer(token(3, 7)), answer(token(1, 1))]);
    await using api = client(server.url);
    await api.count('books');
    await api.count('books');
    expect(api.token('books')).toBe(token(5, 7));
    await using other = client(server.url, { tokens: api.exportTokens() });
    await other.count('books');
    expect(server.seen.at(-1)?.headers['x-vectorizer-token']).toBe(token(5, 7));
  });

  it('names a request as it is told', async () => {
    await using server = await scripted([{ status: 200, body: { count: 0 } }]);
    await using api = client(`${server.url}/behind/a/proxy/`, { apiKey: 'vk_1' });
    await api.count('books', {}, { correlationId: 'c-7' });
    expect(server.seen[0]).toMatchObject({
      url: '/behind/a/proxy/api/v1/collections/books/vectors/count',
      headers: { 'x-correlation-id': 'c-7', authorization: 'Bearer vk_1' },
    });
  });

  it('does all that by a fetch of the caller, too', async () => {
    await using gone = await scripted(['hang up']);
    await using server = await scripted([failure(503, 'log_unavailable'), answer('t-1'), answer('t-2')]);
    await using api = client([gone.url, server.url], { fetch });
    await api.count('books');
    await api.count('books');
    expect(server.seen.at(-1)?.headers['x-vectorizer-token']).toBe('t-1');
    await using refused = client('http://127.0.0.1:1', { fetch, attempts: 1 });
    await expect(refused.count('books')).rejects.toMatchObject({ type: 'connection_failed' });
  });

  it('takes a system that is not well for an answer, not for a failure', async () => {
    const health = { status: 'degraded', service: 'gateway', checks: [], failed_checks: ['log'] };
    await using server = await scripted([{ status: 503, body: health }]);
    await using api = client(server.url);
    expect(await api.system.health()).toEqual(health);
  });

  it('answers what is under way before it closes, and nothing after that', async () => {
    await using server = await scripted([{ status: 200, body: { count: 1 } }]);
    const api = client(server.url);
    const call = api.count('books');
    await api.close();
    expect(await call).toEqual({ count: 1 });
    await expect(api.count('books')).rejects.toThrow('closed');
  });

  it('reports an answer that is not ours by its status', async () => {
    await using server = await scripted([{ status: 400, body: 'a page of a proxy' }]);
    await using api = client(server.url);
    await expect(api.count('books')).rejects.toMatchObject({ type: 'unknown', status: 400, retryable: false });
  });
});
