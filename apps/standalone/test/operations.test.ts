import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { Cluster } from './cluster.ts';

const C = '/api/v1/collections/books';
type Answer = { readonly code: number; readonly key: unknown; readonly body: unknown };

type Sent = { readonly points?: readonly object[]; readonly key?: string };

async function send(cluster: Cluster, route: string, { points, key }: Sent = {}): Promise<Answer> {
  const [method, url] = route.split(' ') as ['GET' | 'PUT' | 'POST', string];
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const answer = await cluster.app.inject({ method, url, headers, ...(points && { payload: { points } }) });
  return { code: answer.statusCode, key: answer.headers['idempotency-key'], body: answer.json<unknown>() };
}

async function ask(cluster: Cluster, id: string, query = 'collection=books'): Promise<Answer> {
  return send(cluster, `GET /api/v1/operations/${encodeURIComponent(id)}?${query}`);
}

const point = (id: string, payload?: object): object => ({ id, vector: [1, 2, 3, 4], ...(payload && { payload }) });
const failed = (type: string): object => ({ error: { type } });

describe('what became of a write', () => {
  it('is told by its key, with the outcomes on each shard', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('books', 1, 2);
    const points = Array.from({ length: 20 }, (_, i) => point(`p${i}`));
    expect(await send(cluster, `PUT ${C}/vectors`, { points, key: 'key/1' })).toMatchObject({
      code: 200,
      key: 'key/1',
    });
    const outcomes = expect.arrayContaining([{ status: 'created', version: 1 }]);
    expect(await ask(cluster, 'key/1')).toMatchObject({
      code: 200,
      body: {
        id: 'key/1',
        collection: 'books',
        status: 'applied',
        entries: [
          { part: 0, shard: 0, sequence: 1, status: 'applied', outcomes },
          { part: 0, shard: 1, sequence: 1, status: 'applied', outcomes },
        ],
      },
    });
    // The gateway's own key, of a write that did nothing.
    const refused = await send(cluster, `POST ${C}/vectors`, { points: [point('p0')] });
    expect(await ask(cluster, String(refused.key))).toMatchObject({
      body: { status: 'applied', entries: [{ outcomes: [{ status: 'already_exists', version: 1 }] }] },
    });
    expect(await ask(cluster, 'key/2')).toMatchObject({ code: 200, body: { status: 'not_logged', entries: [] } });
  });

  it('names every entry of a write that was cut into several', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('books', 1);
    const points = Array.from({ length: 20 }, (_, i) => point(`p${i}`, { text: 'x'.repeat(60_000) }));
    expect(await send(cluster, `PUT ${C}/vectors`, { points, key: 'heavy' })).toMatchObject({ code: 200 });
    const { body } = await ask(cluster, 'heavy');
    const { status, entries } = body as { status: string; entries: { part: number; outcomes: unknown[] }[] };
    expect(status).toBe('applied');
    expect(entries.map(({ part }) => part)).toEqual([...entries.keys()]);
    expect(entries.length).toBeGreaterThan(1);
    expect(entries.flatMap(({ outcomes }) => outcomes)).toHaveLength(20);
  });

  it('is that it is logged, when its time was up before it was applied, and then what it came to', async () => {
    await using cluster = await Cluster.start();
    const node = await cluster.addNode();
    await cluster.create('books', 1);
    await send(cluster, `PUT ${C}/vectors`, { points: [point('a')], key: 'before' });
    await node.stop();
    const late = await send(cluster, `PUT ${C}/vectors?timeout_ms=300`, { points: [point('a', { n: 2 })] });
    expect(late).toMatchObject({ code: expect.any(Number), body: { error: { details: { logged: true } } } });
    const { idempotency_key: key } = (late.body as { error: { details: { idempotency_key: string } } }).error.details;
    expect(await ask(cluster, key)).toMatchObject({
      code: 200,
      body: { status: 'logged', entries: [{ shard: 0, sequence: 2, status: 'logged' }] },
    });
    // Nobody can say that this one is not applied.
    expect(await ask(cluster, 'never')).toMatchObject({ code: 503, body: failed('index_unavailable') });
    await node.start();
    const applied = await send(cluster, `GET ${C}/vectors/a?consistency=strong`);
    expect(applied.body).toMatchObject({ version: 2, payload: { n: 2 } });
    expect(await ask(cluster, key)).toMatchObject({
      body: { status: 'applied', entries: [{ sequence: 2, outcomes: [{ status: 'updated', version: 2 }] }] },
    });
    expect(await ask(cluster, 'never')).toMatchObject({ body: { status: 'not_logged' } });
  });

  it('is that it is not logged, when the log was away', async () => {
    await using cluster = await Cluster.start();
    await cluster.addNode();
    await cluster.create('books', 1);
    await send(cluster, `PUT ${C}/vectors`, { points: [point('a')] });
    await cluster.nats.kill();
    const lost = await send(cluster, `PUT ${C}/vectors?timeout_ms=300`, { points: [point('b')], key: 'lost' });
    expect(lost.code).toBeGreaterThanOrEqual(500);
    await cluster.nats.restart();
    const readable = async (): Promise<boolean> =>
      (await send(cluster, `GET ${C}/vectors/b?consistency=strong`)).code === 404;
    await until(readable, { what: 'reading again once the log is back' });
    expect(await ask(cluster, 'lost')).toMatchObject({ code: 200, body: { status: 'not_logged' } });
    await send(cluster, `PUT ${C}/vectors`, { points: [point('b')], key: 'lost' });
    expect(await ask(cluster, 'lost')).toMatchObject({ body: { status: 'applied' } });
  });

  it('is asked of a collection that there is, by a key that can be one', async () => {
    await using cluster = await Cluster.start();
    expect(await ask(cluster, 'k', 'collection=none')).toMatchObject({
      code: 404,
      body: failed('collection_not_found'),
    });
    expect(await ask(cluster, 'k', '')).toMatchObject({ code: 400, body: failed('validation_error') });
    expect(await ask(cluster, 'k', 'collection=books&wait=logged')).toMatchObject({ code: 400 });
    expect(await ask(cluster, 'a b')).toMatchObject({ code: 400, body: failed('validation_error') });
    expect(await ask(cluster, 'k'.repeat(129))).toMatchObject({ code: 400, body: failed('validation_error') });
  });
});
