import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeToken, encodeToken, read, type CollectionUid, type Hit, type SearchAnswer } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { fillLogs, startGateway, type Gateway } from './fixture.ts';

const C = '/api/v1/collections';
const S = '/api/v1/search';
type Answer = { statusCode: number; headers: Record<string, unknown>; json: () => unknown; body: string };

const hit = (id: string, score: number): Hit => ({ id, score, version: 1, payload: null });
const answer = (sequence: number, hits: Hit[], cache: SearchAnswer['cache'] = { status: 'miss' }): SearchAnswer => ({
  sequences: [sequence],
  results: [{ hits, warnings: [] }],
  cache,
});

describe('a search of several collections', () => {
  let gateway: Gateway;
  const uids = new Map<string, CollectionUid>();
  let answers: Record<string, SearchAnswer>;
  const uidOf = (name: string): CollectionUid => {
    const uid = uids.get(name);
    if (uid === undefined) throw new Error(`there is no ${name}`);
    return uid;
  };

  async function send(url: string, payload: object, headers: Record<string, string> = {}): Promise<Answer> {
    return gateway.app.inject({ method: 'POST', url, headers, payload });
  }
  beforeAll(async () => {
    gateway = await startGateway();
    const kinds = {
      books: {},
      films: {},
      wide: { dimension: 3 },
      dots: { metric: 'dot' },
      small: { kind: 'quantized' },
      typed: { payload_indexes: [{ key: 'word', type: 'keyword' }] },
    };
    for (const [name, config] of Object.entries(kinds)) {
      const made = await gateway.app.inject({ method: 'POST', url: C, payload: { name, dimension: 2, ...config } });
      uids.set(name, made.json<{ uid: CollectionUid }>().uid);
    }
    await gateway.app.inject({ method: 'PUT', url: '/api/v1/aliases/novels', payload: { collection: 'books' } });
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());
  beforeEach(() => {
    gateway.searched.length = 0;
    answers = {
      books: answer(7, [hit('b', 0.9), hit('same', 0.5)]),
      films: answer(4, [hit('f', 0.7), hit('same', 0.5)]),
    };
    gateway.answerSearch = async ({ uid }) => {
      const [name = ''] = [...uids].find(([, each]) => each === uid) ?? [];
      return Promise.resolve(answers[name] ?? answer(1, []));
    };
  });

  const searchesOf = async (collection: string): Promise<number> => {
    const { body } = await gateway.app.inject({ url: '/metrics' });
    const [, value = '0'] =
      new RegExp(`vectorizer_search_requests_total{collection="${collection}",status="success"} (\\d+)`).exec(body) ??
      [];
    return Number(value);
  };

  it('ranks the hits of all, names the collection of each, and says of each collection what was read', async () => {
    const asked = { collections: ['films', 'novels'], vector: [1, 0], k: 3 };
    const found = await send(S, asked);
    expect([found.statusCode, found.json()]).toEqual([
      200,
      {
        hits: [
          { collection: 'books', id: 'b', score: 0.9, version: 1, payload: null },
          { collection: 'films', id: 'f', score: 0.7, version: 1, payload: null },
          { collection: 'films', id: 'same', score: 0.5, version: 1, payload: null },
        ],
        collections: [
          { collection: 'films', sequences: [4], cache: { status: 'miss' } },
          { collection: 'books', sequences: [7], cache: { status: 'miss' } },
        ],
      },
    ]);
    expect(gateway.searched.map(({ uid, searches }) => [uid, searches[0]?.k])).toEqual([
      [uidOf('films'), 3],
      [uidOf('books'), 3],
    ]);
  });

  it('is answered from the cache only when every part is, and is as old as the oldest that was kept', async () => {
    const asked = { collections: ['books', 'films'], vector: [1, 0] };
    const headers = async (books: SearchAnswer['cache'], films: SearchAnswer['cache']): Promise<unknown[]> => {
      answers = { books: answer(7, [], books), films: answer(4, [], films) };
      const found = await send(S, asked);
      return [found.headers['x-cache'], found.headers['x-cache-age-ms']];
    };
    const old = { status: 'hit', age_ms: 1_500 } as const;
    expect(await headers({ status: 'hit', age_ms: 20 }, old)).toEqual(['hit', '1500']);
    expect(await headers(old, { status: 'miss' })).toEqual(['miss', '1500']);
    expect(await headers({ status: 'miss', age_ms: 1_600 }, old)).toEqual(['miss', '1600']);
    expect(await headers({ status: 'miss' }, { status: 'bypass' })).toEqual(['miss', undefined]);
    expect(await headers(old, { status: 'bypass' })).toEqual(['bypass', '1500']);
    await send(S, asked, { 'cache-control': 'no-cache' });
    expect(gateway.searched.slice(-2)).toMatchObject([{ bypass_cache: true }, { bypass_cache: true }]);
  });

  it('takes a token of any of the collections, and answers one of each in their order', async () => {
    const asked = { collections: ['books', 'films'], vector: [1, 0] };
    await fillLogs(gateway, uidOf('films'), [9]);
    const sent = encodeToken(uidOf('films'), [9]);
    const found = await send(S, asked, { 'x-vectorizer-token': sent });
    expect(String(found.headers['x-vectorizer-token']).split(', ').map(decodeToken)).toEqual([
      { uid: uidOf('books'), sequences: [7] },
      { uid: uidOf('films'), sequences: [9] },
    ]);
    expect(gateway.searched.map(({ consistency, seen }) => [consistency, seen])).toEqual([
      ['eventual', undefined],
      ['session', [9]],
    ]);
    for (const bad of [encodeToken(uidOf('dots'), [1]), `${sent}, nonsense`, encodeToken(uidOf('films'), [1, 1])]) {
      const refused = await send(S, asked, { 'x-vectorizer-token': bad });
      expect([refused.statusCode, refused.json()]).toMatchObject([400, { error: { type: 'invalid_token' } }]);
    }
  });

  it.each([
    [{ collections: ['books', 'wide'] }, 'dimension_mismatch', '3 (wide), got 2'],
    [{ collections: ['books', 'dots'] }, 'validation_error', 'books has cosine, dots has dot'],
    [{ collections: ['books', 'novels'] }, 'validation_error', 'collections[1]: is books, as is collections[0]'],
    [{ collections: [] }, 'validation_error', 'collections: must not be empty'],
    [{ collections: Array.from({ length: 17 }, (_, i) => `c${i}`) }, 'validation_error', 'collections: '],
    [{ collections: ['books', 'no name'] }, 'validation_error', 'collections[1]: '],
    [{ collections: 'books' }, 'validation_error', 'collections: '],
    [{ collections: ['books', 'nothing'] }, 'collection_not_found', 'nothing'],
    [{ collections: ['books', 'small'], ef: 10 }, 'validation_error', '(collection small)'],
    [
      { collections: ['books', 'typed'], filter: { must: [{ key: 'word', match: { value: 1 } }] } },
      'validation_error',
      '(collection typed)',
    ],
    [{ collections: ['books'], vector: [0, 0] }, 'validation_error', 'vector: must not be all zeros'],
    [{ collections: ['books'], consistency: 'bounded' }, 'validation_error', 'max_lag_ms'],
    [{ collections: ['books'], limit: 3 }, 'validation_error', 'limit: '],
  ])('refuses %j with %s', async (body, type, message) => {
    const refused = await send(S, { vector: [1, 0], ...body });
    expect([refused.statusCode, refused.json()]).toMatchObject([
      type === 'collection_not_found' ? 404 : 400,
      { error: { type, message: expect.stringContaining(message) } },
    ]);
    expect(gateway.searched).toEqual([]);
  });

  it('fails with the failure of one, and says of which', async () => {
    gateway.answerSearch = async ({ uid }) =>
      uid === uidOf('films')
        ? Promise.reject(new Failure('index_unavailable', 'nobody there'))
        : Promise.resolve(answer(1, []));
    const failed = await send(S, { collections: ['books', 'films'], vector: [1, 0] });
    expect([failed.statusCode, failed.json()]).toMatchObject([
      503,
      { error: { type: 'index_unavailable', details: { collection: 'films' } } },
    ]);
  });

  it('is counted in each of its collections', async () => {
    const before = [await searchesOf('books'), await searchesOf('films')];
    await send(S, { collections: ['novels', 'films'], vector: [1, 0] });
    expect([await searchesOf('books'), await searchesOf('films')]).toEqual(before.map((each) => each + 1));
  });

  describe('by examples', () => {
    const R = `${C}/books/search/recommend`;
    const points = new Map([
      ['b', [4, 0]],
      ['c', [0, 0.5]],
    ]);
    beforeAll(() => {
      gateway.bus.serve(read, async ({ ids }) => {
        const found = ids.flatMap((id) => {
          const vector = points.get(id);
          return vector === undefined ? [] : [{ id, version: 1, vector: Float32Array.from(vector) }];
        });
        return Promise.resolve({ sequences: [8], points: found });
      });
    });

    it('looks for what is like some and unlike others, without those themselves', async () => {
      answers = { books: answer(7, [hit('b', 0.9), hit('x', 0.8), hit('c', 0.7), hit('y', 0.6), hit('z', 0.5)]) };
      const found = await send(R, { positive: ['b', 'b', [1, 0]], negative: ['c'], k: 2 });
      expect((found.json() as { hits: Hit[] }).hits.map(({ id }) => id)).toEqual(['x', 'y']);
      // Of unit length each, under cosine: 2 × [1, 0] − [0, 1].
      expect(gateway.searched[0]?.searches).toMatchObject([{ k: 4, vector: Float32Array.of(2, -1) }]);
      expect(decodeToken(String(found.headers['x-vectorizer-token'])).sequences).toEqual([8]);
    });

    it.each([
      [{ positive: [] }, 400, 'validation_error', 'positive: must not be empty'],
      [{}, 400, 'validation_error', 'positive: '],
      [{ positive: ['b', 7] }, 400, 'validation_error', 'positive[1]: '],
      [{ positive: [[1, 2, 3]] }, 400, 'dimension_mismatch', 'positive[0]: expected 2'],
      [{ positive: ['b'], negative: [[0, 0]] }, 400, 'validation_error', 'negative[0]: '],
      [
        {
          positive: [
            [1, 0],
            [-1, 0],
          ],
        },
        400,
        'validation_error',
        'cancel each other out',
      ],
      [{ positive: ['b'], k: 1_000 }, 400, 'validation_error', 'k: with the ids of the examples'],
      [{ positive: ['b', 'gone'], negative: ['lost'] }, 404, 'vector_not_found', 'gone, or lost'],
      [{ positive: ['b'], vector: [1, 0] }, 400, 'validation_error', 'vector: unknown field'],
    ])('refuses %j', async (...[body, status, type, message]) => {
      const refused = await send(R, body);
      expect([refused.statusCode, refused.json()]).toMatchObject([
        status,
        { error: { type, message: expect.stringContaining(message) } },
      ]);
      expect(gateway.searched).toEqual([]);
    });
  });
});

describe('a key', () => {
  it('searches several collections when all are within its scope, and is told nothing of others', async () => {
    await using gateway = await startGateway();
    const post = async (url: string, payload: object, key = ''): Promise<Answer> =>
      gateway.app.inject({
        method: 'POST',
        url,
        payload,
        headers: key === '' ? {} : { authorization: `Bearer ${key}` },
      });
    for (const name of ['books', 'bonds', 'films']) await post(C, { name, dimension: 2 });
    await gateway.app.inject({ method: 'PUT', url: '/api/v1/aliases/bait', payload: { collection: 'films' } });
    const { key: root } = (await post('/api/v1/auth/keys', { name: 'root', roles: ['admin'] })).json() as {
      key: string;
    };
    const made = await post('/api/v1/auth/keys', { name: 'b', roles: ['viewer'], collections: ['b*'] }, root);
    const { key } = made.json() as { key: string };
    const search = async (...collections: string[]): Promise<number> =>
      (await post(S, { collections, vector: [1, 0] }, key)).statusCode;
    expect(await search('books', 'bonds')).toBe(200);
    expect([await search('books', 'films'), await search('books', 'unheard'), await search('books', 'bait')]).toEqual([
      403, 403, 403,
    ]);
    expect(gateway.searched).toHaveLength(2);
  });
});
