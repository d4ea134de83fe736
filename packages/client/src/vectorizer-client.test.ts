import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { VectorizerClient, type ClientOptions } from './vectorizer-client.ts';
import { VectorizerError } from './vectorizer-error.ts';

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang up' | 'keep silent';

/** A server that answers by script, for what a real one will not do on demand. */
async function scripted(
  replies: Reply[],
): Promise<{ url: string; seen: Seen[]; [Symbol.asyncDispose]: () => Promise<void> }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const reply = replies[Math.min(seen.length, replies.length) - 1] ?? 'hang up';
      if (reply === 'hang up') {
        request.socket.destroy();
        return;
      }
      if (reply === 'keep silent') return;
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, seen, [Symbol.asyncDispose]: close };
}

function failure(status: number, type: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers,
    body: { error: { type, message: `it is ${type}`, details: { a: 1 }, correlation_id: 'c-1' } },
  };
}
const client = (url: string | readonly string[], options: Partial<ClientOptions> = {}): VectorizerClient =>
  new VectorizerClient({ url, ...options });
const answer = (token: string): Reply => ({
  status: 200,
  headers: { 'x-vectorizer-token': token },
  body: { count: 0 },
});
const page = (ids: string[], next: string | null): Reply => ({
  status: 200,
  body: { points: ids.map((id) => ({ id, version: 1 })), next },
});
const point = { id: 'a', vector: [1, 2] };

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
    await expect(call).rejects.toThrow('abort');
    expect(performance.now() - start).toBeLessThan(2_000);
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

  it('reports an answer that is not ours by its status', async () => {
    await using server = await scripted([{ status: 400, body: 'a page of a proxy' }]);
    await using api = client(server.url);
    await expect(api.count('books')).rejects.toMatchObject({ type: 'unknown', status: 400, retryable: false });
  });
});
