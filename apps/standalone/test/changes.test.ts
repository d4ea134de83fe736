import { describe, expect, it } from '@jest/globals';
import { encodeToken } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { Cluster } from './cluster.ts';
const C = '/api/v1/collections/books';

type Told = { readonly id: string | undefined; readonly event: string; readonly data: Record<string, unknown> };
type Stream = { readonly told: () => Told[]; readonly ended: Promise<void>; close(): Promise<void> };

/** Reads server-sent events in the background. */
async function follow(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const stop = new AbortController();
  const answer = await fetch(url, { headers, signal: stop.signal });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  let text = '';
  const ended = (async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  const told = (): Told[] =>
    [...text.matchAll(/^(?:id: (\S+)\n)?event: (\S+)\ndata: (.*)\n\n/gm)].map(([, id, event = '', data = '']) => ({
      id,
      event,
      data: JSON.parse(data) as Record<string, unknown>,
    }));
  return {
    told,
    ended,
    async close() {
      stop.abort();
      await ended;
    },
  };
}

async function startBooks(): Promise<{ cluster: Cluster; url: string; uid: string }> {
  const cluster = await Cluster.start();
  await cluster.addNode();
  await cluster.create('books', 1);
  const { uid } = await cluster.get<{ uid: string }>(C);
  const { url } = await cluster.app.listen();
  return { cluster, url: `${url}${C}/changes`, uid };
}

const upsert = async (cluster: Cluster, id: string, payload: object): Promise<unknown> =>
  cluster.send('PUT', `${C}/vectors`, { points: [{ id, vector: [1, 2, 3, 4], payload }] });
const changesIn = (stream: Stream): unknown[] =>
  stream.told().flatMap(({ event, data }) => (event === 'change' ? [data['changes']] : []));
const query = (asked: Record<string, string>): string => `?${new URLSearchParams(asked).toString()}`;

describe('the changes of a collection', () => {
  it('near a vector tell who is there, comes, changes and goes', async () => {
    const { cluster, url } = await startBooks();
    await using _ = cluster;
    await upsert(cluster, 'there', { read: true });
    await upsert(cluster, 'unread', { read: false });
    const filter = JSON.stringify({ must: [{ key: 'read', match: { value: true } }] });
    const near = JSON.stringify({ vector: [1, 2, 3, 4], radius: 0.1 });
    const stream = await follow(`${url}${query({ near, filter })}`);
    await until(() => stream.told().length === 2);
    expect(stream.told()[1]).toMatchObject({ event: 'members', data: { sequences: [2] } });
    expect(stream.told()[1]?.data['members']).toMatchObject([{ id: 'there', version: 1, payload: { read: true } }]);

    await upsert(cluster, 'unread', { read: true });
    await upsert(cluster, 'unread', { read: true, again: true });
    await cluster.send('PUT', `${C}/vectors`, {
      points: [{ id: 'there', vector: [-1, 0, 0, 0], payload: { read: true } }],
    });
    await cluster.send('POST', `${C}/vectors/delete`, { filter: JSON.parse(filter) });
    await until(() => changesIn(stream).length === 4);
    expect(changesIn(stream)).toMatchObject([
      [{ kind: 'enter', id: 'unread', version: 3, score: expect.closeTo(1, 5) }],
      [{ kind: 'update', id: 'unread', version: 4, payload: { read: true, again: true } }],
      [{ kind: 'leave', id: 'there' }],
      [{ kind: 'leave', id: 'unread' }],
    ]);
    await stream.close();
  });

  it('tell each entry, what it came to, and where to go on', async () => {
    const { cluster, url } = await startBooks();
    await using _ = cluster;
    await upsert(cluster, 'before', {});
    const stream = await follow(url);
    await until(() => stream.told().length === 1);
    expect(stream.told()[0]).toMatchObject({ event: 'position', data: { sequences: [1] } });
    await upsert(cluster, 'a', { year: 1965 });
    await cluster.send('POST', `${C}/vectors`, { points: [{ id: 'before', vector: [1, 2, 3, 4] }] });
    await cluster.send('DELETE', `${C}/vectors/before`);
    const filter = { must: [{ key: 'year', match: { value: 1 } }] };
    await cluster.send('POST', `${C}/vectors/delete`, { filter });
    await until(() => stream.told().length === 5);
    await stream.close();
    expect(stream.told().slice(1)).toMatchObject(
      [2, 3, 4, 5].map((sequence) => ({
        event: 'change',
        data: { shard: 0, sequence, at: expect.stringMatching(/Z$/) },
      })),
    );
    const [upserted, , deleted, byFilter] = changesIn(stream);
    expect(upserted).toEqual([{ kind: 'upsert', id: 'a', version: 2, payload: { year: 1965 } }]);
    expect(deleted).toEqual([{ kind: 'delete', id: 'before' }]);
    expect(byFilter).toEqual([{ kind: 'delete_by_filter', filter }]);

    const again = await follow(url, { 'last-event-id': stream.told()[3]?.id ?? '' });
    await until(() => again.told().length === 2);
    expect(again.told()[1]).toEqual(stream.told()[4]);
    await again.close();
  });

  it('begin with the points that are there, and tell of a filter what matches and what does not any more', async () => {
    const { cluster, url } = await startBooks();
    await using _ = cluster;
    await upsert(cluster, 'old', { genre: 'sf' });
    await upsert(cluster, 'other', { genre: 'novel' });
    const filter = JSON.stringify({ must: [{ key: 'genre', match: { value: 'sf' } }] });
    const stream = await follow(`${url}${query({ from: 'start', filter, with_vector: 'true' })}`);
    await until(() => stream.told().length === 3);
    expect(stream.told().slice(1)).toMatchObject([
      {
        event: 'points',
        data: { points: [{ shard: 0, id: 'old', version: 1, payload: { genre: 'sf' }, vector: [1, 2, 3, 4] }] },
      },
      { event: 'caught-up', data: { sequences: [2] } },
    ]);
    // Whoever comes back from any of these is told the rest, and at the end that it was all.
    for (const [i, { id }] of stream.told().entries()) {
      const back = await follow(`${url}${query({ filter })}`, { 'last-event-id': id ?? '' });
      if (i < 2) await until(() => back.told().some(({ event }) => event === 'caught-up'));
      const points = back.told().flatMap(({ data }) => (data['points'] as { id: string }[] | undefined) ?? []);
      expect(points.map((point) => point.id)).toEqual(i === 0 ? ['old'] : []);
      await back.close();
    }
    await upsert(cluster, 'other', { genre: 'sf' });
    await upsert(cluster, 'old', { genre: 'novel' });
    await until(() => stream.told().length === 5);
    expect(changesIn(stream)).toMatchObject([[{ kind: 'upsert', id: 'other' }], [{ kind: 'delete', id: 'old' }]]);
    const listed = await follow(`${url}?from=2`);
    await until(() => listed.told().length === 3);
    expect(listed.told().map(({ data }) => data['sequence'])).toEqual([undefined, 3, 4]);
    await Promise.all([stream.close(), listed.close()]);
  });

  it('are refused from where they cannot be told, and end when the collection does', async () => {
    const { cluster, url, uid } = await startBooks();
    await using _ = cluster;
    for (let i = 0; i < 4; i++) await upsert(cluster, `p${i}`, {});
    const stream = await follow(url);
    const refusal = async (asked: Record<string, string>): Promise<unknown> => {
      const answer = await fetch(`${url}${query(asked)}`);
      const { error } = (await answer.json()) as { error: { type: string; details: unknown } };
      return [answer.status, error.type, error.details];
    };
    const [collection] = await cluster.side.log.uids();
    if (collection === undefined) throw new Error('the collection has a log');
    expect(collection).toBe(uid);
    await cluster.side.log.cut(collection, 0, 2);
    expect(await refusal({ from: '1' })).toEqual([410, 'changes_gone', { shard: 0, next: 2, first: 3 }]);
    expect(await refusal({ from: '9' })).toEqual([409, 'token_ahead', { shard: 0, demanded: 9, log_ends_at: 4 }]);
    expect(await refusal({ from: encodeToken(collection, [2, 3]) })).toMatchObject([400, 'invalid_token', {}]);
    expect(await refusal({ from: 'yesterday' })).toMatchObject([400, 'invalid_token', {}]);
    expect(await refusal({ from: '1,2' })).toMatchObject([400, 'validation_error', { field: 'from' }]);
    expect(await refusal({ filter: '{' })).toMatchObject([400, 'validation_error', { field: 'filter' }]);
    await cluster.send('DELETE', C);
    await stream.ended;
    expect(stream.told().at(-1)).toMatchObject({
      id: undefined,
      event: 'error',
      data: { error: { type: 'collection_not_found' } },
    });
  });

  it('end when the gateway stops, which is not held up by them', async () => {
    const { cluster, url } = await startBooks();
    await using _ = cluster;
    const stream = await follow(url);
    await cluster.app.close();
    await stream.ended;
    expect(stream.told().filter(({ event }) => event === 'error')).toEqual([]);
  });
});
