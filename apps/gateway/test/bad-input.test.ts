import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { limits } from '@vectorizer/contracts';
import { Packr } from 'msgpackr';
import { startGateway, type Gateway } from './fixture.ts';

/** Every case: refused with the right status and type, by a message that names the place, in the one shape, with no effect. */
type Case = {
  readonly name: string;
  readonly route: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: string;
  readonly message: string;
};

const C = '/api/v1/collections';
const V = `${C}/books/vectors`;
const S = `${C}/books/search`;
const messagePack = { 'content-type': 'application/msgpack' };
const pack = (value: unknown): Buffer => new Packr({ useRecords: false }).pack(value);
const name = (collection: unknown): Case => ({
  name: `the name ${JSON.stringify(collection)}`,
  route: `POST ${C}`,
  body: { name: collection, dimension: 2 },
  answer: '400 validation_error',
  message: 'name: ',
});
const field = (path: string, body: object): Case => ({
  name: `a bad ${path}`,
  route: `POST ${C}`,
  body: { name: 'fresh', dimension: 2, ...body },
  answer: '400 validation_error',
  message: `${path}: `,
});
const query = (text: string, path: string): Case => ({
  name: `the query ${text}`,
  route: `PUT ${V}/a?${text}`,
  body: { payload: {} },
  answer: '400 validation_error',
  message: `query.${path}: `,
});
const searching = (path: string, body: object): Case => ({
  name: `a search with a bad ${path}`,
  route: `POST ${S}`,
  body: { vector: [1, 0], ...body },
  answer: '400 validation_error',
  message: `${path}: `,
});

/** Refused since `typed` declares an index of another type on the key. */
const filtering = (path: string, filter: object): Case => ({
  name: `a filter with a ${path} that the index of its key never answers`,
  route: `POST ${C}/typed/search`,
  body: { vector: [1, 0], filter },
  answer: '400 validation_error',
  message: `filter.${path}: `,
});
const place = { lat: 1, lon: 1 };
const leaf = { key: 'a', match: { value: 1 } };
const nested = (depth: number): object => (depth === 0 ? leaf : { must: [nested(depth - 1)] });
const declaring = (what: string, key: string, more: Partial<Case>): Case => ({
  name: what,
  route: `PUT ${C}/books/payload-indexes/${key}`,
  answer: '400 validation_error',
  message: '',
  ...more,
});

const cases: Case[] = [
  filtering('must[0].range', { must: [{ key: 'word', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'flag', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'place', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'at', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'n', range: { gt: '2026-01-01T00:00:00Z' } }] }),
  filtering('must[0].match.value', { must: [{ key: 'word', match: { value: 1 } }] }),
  filtering('must[0].match.any[1]', { must: [{ key: 'deep.n', match: { any: [1, '1'] } }] }),
  filtering('must[0].match.except[0]', { must: [{ key: 'flag', match: { except: ['true'] } }] }),
  filtering('must[0].match.value', { must: [{ key: 'n', match: { value: 1.5 } }] }),
  filtering('must[0].match.value', { must: [{ key: 'place', match: { value: 'here' } }] }),
  filtering('must[0].match.value', { must: [{ key: 'at', match: { value: 5 } }] }),
  filtering('should[0].must_not[1].geo_radius', {
    should: [
      {
        must_not: [
          { key: 'n', exists: true },
          { key: 'n', geo_radius: { center: place, radius_m: 1 } },
        ],
      },
    ],
  }),
  filtering('must[0].geo_box', { must: [{ key: 'word', geo_box: { top_left: place, bottom_right: place } }] }),
  filtering('must[0].geo_radius.center.lat', {
    must: [{ key: 'place', geo_radius: { center: { lat: 90.1, lon: 0 }, radius_m: 1 } }],
  }),
  filtering('must[0].geo_box.top_left.lon', {
    must: [{ key: 'place', geo_box: { top_left: { lat: 1, lon: -181 }, bottom_right: place } }],
  }),
  filtering('must[0].geo_radius.radius_m', { must: [{ key: 'place', geo_radius: { center: place, radius_m: 0 } }] }),
  ...['count', 'scroll', 'delete'].map((read) => ({
    ...filtering('must[0].range', { must: [{ key: 'word', range: { gt: 1 } }] }),
    name: `a ${read} with a range on a keyword`,
    route: `POST ${C}/typed/vectors/${read}`,
    body: { filter: { must: [{ key: 'word', range: { gt: 1 } }] } },
  })),
  {
    name: 'a batch of searches with a range on a keyword',
    route: `POST ${C}/typed/search/batch`,
    body: { searches: [{ vector: [1, 0] }, { vector: [1, 0], filter: { must: [{ key: 'word', range: { gt: 1 } }] } }] },
    answer: '400 validation_error',
    message: 'searches[1].filter.must[0].range: ',
  },
  declaring('an index of an unknown type', 'a', { body: { type: 'text' }, message: 'type: ' }),
  declaring('an index without a type', 'a', { body: {}, message: 'type: ' }),
  declaring('an index with another field', 'a', { body: { type: 'geo', key: 'b' }, message: 'key: unknown field' }),
  declaring('an index on a key that is too long', 'k'.repeat(257), { body: { type: 'geo' }, message: 'key: ' }),
  declaring('an index of no collection', 'a', {
    route: `PUT ${C}/nothing/payload-indexes/a`,
    body: { type: 'geo' },
    answer: '404 collection_not_found',
    message: 'nothing',
  }),
  declaring('one index too many', 'b', {
    route: `PUT ${C}/many/payload-indexes/b`,
    body: { type: 'geo' },
    message: 'key: a collection has at most 32',
  }),
  declaring('the removal of an index that is not there', 'a', {
    route: `DELETE ${C}/books/payload-indexes/a`,
    answer: '404 not_found',
    message: 'no payload index',
  }),
  field('payload_indexes', { payload_indexes: Array.from({ length: 33 }, (_, i) => ({ key: `k${i}`, type: 'geo' })) }),
  field('payload_indexes', {
    payload_indexes: [
      { key: 'a', type: 'geo' },
      { key: 'a', type: 'bool' },
    ],
  }),
  field('payload_indexes[0].type', { payload_indexes: [{ key: 'a', type: 'text' }] }),
  ...['', '.', '-a', '_a', 'a b', 'a/b', 'a.b', 'ä', 'x'.repeat(64), 7, null, undefined].map(name),
  field('dimension', { dimension: 0 }),
  field('dimension', { dimension: 65_537 }),
  field('dimension', { dimension: 1.5 }),
  field('dimension', { dimension: '2' }),
  field('metric', { metric: 'manhattan' }),
  field('metric', { metric: 'Cosine' }),
  field('kind', { kind: 'abacus' }),
  field('hnsw.m', { hnsw: { m: 1 } }),
  field('hnsw.ef', { hnsw: { ef: 3 } }),
  field('shards', { shards: 0 }),
  field('shards', { shards: 17 }),
  field('replication_factor', { replication_factor: 2 }),
  field('quantization', { quantization: {} }),
  {
    name: 'a taken name',
    route: `POST ${C}`,
    body: { name: 'books', dimension: 2 },
    answer: '409 collection_already_exists',
    message: 'books',
  },

  { name: 'malformed JSON', route: `PUT ${V}`, raw: '{"points":[', answer: '400 malformed_body', message: 'not JSON' },
  {
    name: 'NaN in JSON',
    route: `POST ${S}`,
    raw: '{"vector":[NaN,1]}',
    answer: '400 malformed_body',
    message: 'not JSON',
  },
  {
    name: 'Infinity in JSON',
    route: `POST ${S}`,
    raw: '{"vector":[Infinity,1]}',
    answer: '400 malformed_body',
    message: 'not JSON',
  },
  {
    name: 'bytes that are not UTF-8',
    route: `PUT ${V}`,
    raw: Buffer.from([0x22, 0xff, 0x22]),
    answer: '400 malformed_body',
    message: 'UTF-8',
  },
  {
    name: 'malformed MessagePack',
    route: `PUT ${V}`,
    raw: Buffer.from([0x82, 0xa1]),
    headers: messagePack,
    answer: '400 malformed_body',
    message: 'not MessagePack',
  },
  {
    name: 'MessagePack with bytes after its end',
    route: `PUT ${V}`,
    raw: Buffer.concat([pack({ points: [] }), pack(1)]),
    headers: messagePack,
    answer: '400 malformed_body',
    message: 'not MessagePack',
  },
  {
    name: 'an array of four thousand million elements that are not there',
    route: `PUT ${V}`,
    raw: Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    headers: messagePack,
    answer: '400 malformed_body',
    message: 'not MessagePack',
  },
  {
    name: 'another content type',
    route: `PUT ${V}`,
    raw: 'a=b',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    answer: '415 unsupported_media_type',
    message: 'application/json',
  },
  {
    name: 'text',
    route: `PUT ${V}`,
    raw: '{}',
    headers: { 'content-type': 'text/plain' },
    answer: '415 unsupported_media_type',
    message: 'application/json',
  },
  {
    name: 'a compressed body',
    route: `PUT ${V}`,
    raw: '{}',
    headers: { 'content-encoding': 'gzip' },
    answer: '415 unsupported_media_type',
    message: 'gzip',
  },
  {
    name: 'a body over the limit',
    route: `PUT ${V}`,
    raw: `{"points":["${'x'.repeat(33 * 1024 * 1024)}"]}`,
    answer: '413 payload_too_large',
    message: 'over the limit',
  },
  { name: 'an empty body', route: `PUT ${V}`, raw: '', answer: '400 validation_error', message: 'body: ' },
  { name: 'a body that is a list', route: `PUT ${V}`, body: [], answer: '400 validation_error', message: 'body: ' },
  {
    name: 'a body nested a hundred thousand deep',
    route: `PUT ${V}`,
    raw: `{"points":${'['.repeat(100_000)}${']'.repeat(100_000)},"x":1}`,
    answer: '400 validation_error',
    message: 'x: unknown field',
  },
  { name: 'no points', route: `PUT ${V}`, body: {}, answer: '400 validation_error', message: 'points: ' },
  {
    name: 'an empty upsert',
    route: `PUT ${V}`,
    body: { points: [] },
    answer: '400 validation_error',
    message: 'points: must not be empty',
  },
  {
    name: 'an upsert that is too long',
    route: `PUT ${V}`,
    body: { points: Array.from({ length: 1_001 }, () => 1) },
    answer: '400 validation_error',
    message: 'points: must have at most 1000 items',
  },
  {
    name: 'an unknown field',
    route: `PUT ${V}`,
    body: { points: [1], atomic: true },
    answer: '400 validation_error',
    message: 'atomic: unknown field',
  },
  {
    name: 'an empty insert',
    route: `POST ${V}`,
    body: { points: [] },
    answer: '400 validation_error',
    message: 'points: must not be empty',
  },
  {
    name: 'an empty batch',
    route: `POST ${V}/batch`,
    body: { operations: [] },
    answer: '400 validation_error',
    message: 'operations: must not be empty',
  },
  {
    name: 'an empty delete',
    route: `POST ${V}/delete`,
    body: { ids: [] },
    answer: '400 validation_error',
    message: 'ids: must not be empty',
  },
  {
    name: 'a delete by ids and filter',
    route: `POST ${V}/delete`,
    body: { ids: ['a'], filter: {} },
    answer: '400 validation_error',
    message: 'expected exactly one of ids (list) or filter',
  },
  {
    name: 'a delete by a bad filter',
    route: `POST ${V}/delete`,
    body: { filter: { must: [{ key: 'a', match: {} }] } },
    answer: '400 validation_error',
    message: 'filter.must[0].match',
  },
  {
    name: 'an empty get',
    route: `POST ${V}/get`,
    body: { ids: [] },
    answer: '400 validation_error',
    message: 'ids: must not be empty',
  },
  {
    name: 'a get of a bad id',
    route: `POST ${V}/get`,
    body: { ids: ['a', 7] },
    answer: '400 validation_error',
    message: 'ids[1]: ',
  },
  {
    name: 'a scroll with a bad limit',
    route: `POST ${V}/scroll`,
    body: { limit: 0 },
    answer: '400 validation_error',
    message: 'limit: ',
  },
  {
    name: 'a count with a field of search',
    route: `POST ${V}/count`,
    body: { k: 3 },
    answer: '400 validation_error',
    message: 'k: unknown field',
  },

  {
    name: 'an id that is too long',
    route: `GET ${V}/${'x'.repeat(257)}`,
    answer: '400 validation_error',
    message: 'id: must have at most 256 characters',
  },
  {
    name: 'an id with a control character',
    route: `GET ${V}/a%00b`,
    answer: '400 validation_error',
    message: 'id: must not contain control characters',
  },
  {
    name: 'an id that cannot be decoded',
    route: `GET ${V}/%E0%A4%A`,
    answer: '400 validation_error',
    message: 'path: ',
  },
  {
    name: 'an update of nothing',
    route: `PUT ${V}/a`,
    body: {},
    answer: '400 validation_error',
    message: 'body: expected a vector, a payload, or both',
  },
  {
    name: 'an update with another id',
    route: `PUT ${V}/a`,
    body: { id: 'b', payload: {} },
    answer: '400 validation_error',
    message: 'id: unknown field',
  },
  {
    name: 'an update with another dimension',
    route: `PUT ${V}/a`,
    body: { vector: [1, 2, 3] },
    answer: '400 dimension_mismatch',
    message: 'vector: expected 2 components, got 3',
  },
  {
    name: 'an update with a zero vector',
    route: `PUT ${V}/a`,
    body: { vector: [0, 0] },
    answer: '400 validation_error',
    message: 'vector: must not be all zeros',
  },
  {
    name: 'an update with a payload that is a list',
    route: `PUT ${V}/a`,
    body: { payload: [] },
    answer: '400 validation_error',
    message: 'payload: expected a JSON object',
  },
  {
    name: 'an update with a bad version',
    route: `PUT ${V}/a`,
    body: { payload: {}, if_version: -1 },
    answer: '400 validation_error',
    message: 'if_version: ',
  },
  {
    name: 'a payload over the limit',
    route: `PUT ${V}/a`,
    body: { payload: { a: 'x'.repeat(65_536) } },
    answer: '400 validation_error',
    message: 'payload: must have at most 65536 bytes',
  },
  {
    name: 'a patch of nothing',
    route: `PATCH ${V}/a`,
    body: {},
    answer: '400 validation_error',
    message: 'expected exactly one of merge',
  },
  {
    name: 'a patch of two kinds',
    route: `PATCH ${V}/a`,
    body: { merge: {}, replace: {} },
    answer: '400 validation_error',
    message: 'expected exactly one of merge',
  },
  {
    name: 'a patch that deletes no key',
    route: `PATCH ${V}/a`,
    body: { delete_keys: [] },
    answer: '400 validation_error',
    message: 'delete_keys: ',
  },
  {
    name: 'a delete with a body',
    route: `DELETE ${V}/a`,
    body: { if_version: 3 },
    answer: '400 validation_error',
    message: 'body: this route takes none',
  },
  {
    name: 'a delete with a bad version',
    route: `DELETE ${V}/a?if_version=x`,
    answer: '400 validation_error',
    message: 'query.if_version: ',
  },
  query('wait=soon', 'wait'),
  query('timeout_ms=0', 'timeout_ms'),
  query('timeout_ms=60001', 'timeout_ms'),
  query('timeout_ms=1e3', 'timeout_ms'),
  query('wait=logged&wait=applied', 'wait'),
  query('waits=logged', 'waits'),
  {
    name: 'an idempotency key with a space',
    route: `PUT ${V}/a`,
    body: { payload: {} },
    headers: { 'idempotency-key': 'a b' },
    answer: '400 validation_error',
    message: 'Idempotency-Key: ',
  },
  {
    name: 'an idempotency key that is too long',
    route: `PUT ${V}/a`,
    body: { payload: {} },
    headers: { 'idempotency-key': 'x'.repeat(129) },
    answer: '400 validation_error',
    message: 'Idempotency-Key: ',
  },
  {
    name: 'a token that is none',
    route: `POST ${S}`,
    body: { vector: [1, 0] },
    headers: { 'x-vectorizer-token': 'made-up' },
    answer: '400 invalid_token',
    message: 'X-Vectorizer-Token',
  },
  {
    name: 'a token of another collection',
    route: `PUT ${V}/a`,
    body: { payload: {} },
    headers: { 'x-vectorizer-token': Buffer.from('{"u":"abcdefghijklmnop","s":[1]}').toString('base64url') },
    answer: '400 invalid_token',
    message: 'of another collection',
  },

  searching('k', { k: 0 }),
  searching('k', { k: 1_001 }),
  searching('k', { k: 2.5 }),
  searching('k', { k: '10' }),
  searching('ef', { ef: 0 }),
  searching('vector', { vector: [] }),
  searching('vector', { vector: 'not base64!' }),
  searching('vector', { vector: [1, null] }),
  searching('vector', { vector: [1, '2'] }),
  searching('vector', { vector: [1, 1e39] }),
  searching('vector', { vector: Buffer.from(Float32Array.of(1, Number.NaN).buffer).toString('base64') }),
  searching('vector', { vector: [0, 0] }),
  searching('vector', { vector: undefined }),
  searching('limit', { limit: 3 }),
  searching('consistency', { consistency: 'perfect' }),
  searching('timeout_ms', { timeout_ms: 0 }),
  searching('with_payload', { with_payload: 'yes' }),
  searching('score_threshold', { score_threshold: 'high' }),
  searching('filter.when', { filter: { when: [] } }),
  searching('filter.must', { filter: { must: [] } }),
  {
    ...searching('filter', { filter: { must: Array.from({ length: limits.filterConditionsMax + 1 }, () => leaf) } }),
    name: 'a search with more conditions than a filter may have',
    message: `filter: must have at most ${limits.filterConditionsMax} conditions`,
  },
  {
    ...searching('filter', { filter: nested(limits.filterDepthMax + 1) }),
    name: 'a search with a filter that nests deeper than it may',
    message: `filter: must nest at most ${limits.filterDepthMax} deep`,
  },
  searching('filter.must[1].key', { filter: { must: [{ has_id: ['a'] }, { key: '', match: { value: 1 } }] } }),
  {
    name: 'a search with NaN in MessagePack',
    route: `POST ${S}`,
    raw: pack({ vector: [1, Number.NaN] }),
    headers: messagePack,
    answer: '400 validation_error',
    message: 'vector: component 1: expected a finite float32',
  },
  {
    name: 'a search of another dimension',
    route: `POST ${S}`,
    body: { vector: [1, 2, 3] },
    answer: '400 dimension_mismatch',
    message: 'vector: expected 2 components, got 3',
  },
  {
    name: 'an empty list of searches',
    route: `POST ${S}/batch`,
    body: { searches: [] },
    answer: '400 validation_error',
    message: 'searches: must not be empty',
  },
  {
    name: 'a bad search among good ones',
    route: `POST ${S}/batch`,
    body: { searches: [{ vector: [1, 0] }, { vector: [1] }] },
    answer: '400 dimension_mismatch',
    message: 'searches[1].vector: expected 2 components, got 1',
  },
  {
    name: 'a query parameter of search',
    route: `POST ${S}?k=3`,
    body: { vector: [1, 0] },
    answer: '400 validation_error',
    message: 'query.k: unknown field',
  },

  {
    name: 'a collection that is not there',
    route: `POST ${C}/films/search`,
    body: { vector: [1, 0] },
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a write to a collection that is not there',
    route: `PUT ${C}/films/vectors`,
    body: { points: [1] },
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a drop of a collection that is not there',
    route: `DELETE ${C}/films`,
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a collection whose name cannot be one',
    route: `GET ${C}/a.b`,
    answer: '400 validation_error',
    message: 'collection: ',
  },
  {
    name: 'a query parameter of the list',
    route: `GET ${C}?limit=3`,
    answer: '400 validation_error',
    message: 'query.limit: unknown field',
  },
  { name: 'an unknown route', route: 'GET /api/v2/collections', answer: '404 not_found', message: 'no such route' },
  { name: 'an empty segment', route: `POST ${C}//search`, body: {}, answer: '404 not_found', message: 'no such route' },
  {
    name: 'another method',
    route: `PATCH ${C}/books`,
    body: {},
    answer: '405 method_not_allowed',
    message: 'PATCH is not one of DELETE, GET',
  },
];

type Results = {
  results: { index: number; id: string | null; status: string; error?: { type: string; message: string } }[];
};

describe('bad input', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    const body = { name: 'books', dimension: 2, metric: 'cosine' };
    await gateway.app.inject({ method: 'POST', url: C, payload: body });
    const types = { word: 'keyword', n: 'integer', 'deep.n': 'float', flag: 'bool', at: 'datetime', place: 'geo' };
    const typed = Object.entries(types).map(([key, type]) => ({ key, type }));
    const many = Array.from({ length: 32 }, (_, i) => ({ key: `k${i}`, type: 'keyword' }));
    for (const [collection, indexes] of Object.entries({ typed, many })) {
      const declared = { ...body, name: collection, payload_indexes: indexes };
      await gateway.app.inject({ method: 'POST', url: C, payload: declared });
    }
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  async function send({
    route,
    body,
    raw,
    headers,
  }: Case): Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }> {
    const [method, url] = route.split(' ') as ['GET' | 'POST', string];
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return gateway.app.inject({
      method,
      url,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
  }

  it.each(cases)('$name is refused in $route', async (each) => {
    const before = gateway.catalog.list();
    const answer = await send(each);
    const parsed = JSON.parse(answer.body) as { error: { type: string; message: string } };
    expect(`${answer.statusCode} ${parsed.error.type}`).toBe(each.answer);
    expect(parsed.error.message).toContain(each.message);
    expect(parsed).toEqual({
      error: {
        type: expect.any(String),
        message: expect.any(String),
        details: expect.any(Object),
        correlation_id: answer.headers['x-correlation-id'],
      },
      error_type: parsed.error.type,
      message: parsed.error.message,
      status_code: answer.statusCode,
      details: expect.any(Object),
      request_id: answer.headers['x-correlation-id'],
    });
    expect([gateway.written, gateway.searched]).toEqual([[], []]);
    expect(gateway.catalog.list()).toEqual(before);
  });

  it.each([
    {
      name: 'a wrong dimension',
      list: 'points',
      item: { id: 'b', vector: [1] },
      message: 'points[1].vector: expected 2 components, got 1',
      type: 'dimension_mismatch',
    },
    {
      name: 'a zero vector',
      list: 'points',
      item: { id: 'b', vector: [0, 0] },
      message: 'points[1].vector: must not be all zeros',
      type: 'validation_error',
    },
    {
      name: 'an infinite component',
      list: 'points',
      item: { id: 'b', vector: [1, -1e39] },
      message: 'points[1].vector: component 1: expected a finite float32',
      type: 'validation_error',
    },
    {
      name: 'a missing vector',
      list: 'points',
      item: { id: 'b' },
      message: 'points[1].vector: ',
      type: 'validation_error',
    },
    {
      name: 'an empty id',
      list: 'points',
      item: { id: '', vector: [1, 1] },
      message: 'points[1].id: must not be empty',
      type: 'validation_error',
    },
    {
      name: 'an id of 257 characters',
      list: 'points',
      item: { id: 'x'.repeat(257), vector: [1, 1] },
      message: 'points[1].id: must have at most 256',
      type: 'validation_error',
    },
    {
      name: 'an id that is a number',
      list: 'points',
      item: { id: 7, vector: [1, 1] },
      message: 'points[1].id: ',
      type: 'validation_error',
    },
    {
      name: 'an unknown field',
      list: 'points',
      item: { id: 'b', vector: [1, 1], text: '' },
      message: 'points[1].text: unknown field',
      type: 'validation_error',
    },
    {
      name: 'a payload that is no object',
      list: 'points',
      item: { id: 'b', vector: [1, 1], payload: 'p' },
      message: 'points[1].payload: expected a JSON object',
      type: 'validation_error',
    },
    {
      name: 'a duplicate id',
      list: 'points',
      item: { id: 'a', vector: [1, 1] },
      message: 'points[1].id: duplicate of points[0]',
      type: 'validation_error',
    },
    { name: 'an item that is no object', list: 'points', item: null, message: 'points[1]: ', type: 'validation_error' },
    {
      name: 'an unknown operation',
      list: 'operations',
      item: { op: 'move', id: 'b' },
      message: 'operations[1].op: ',
      type: 'validation_error',
    },
    {
      name: 'an update of nothing',
      list: 'operations',
      item: { op: 'update', id: 'b' },
      message: 'operations[1]: expected a vector',
      type: 'validation_error',
    },
    {
      name: 'an operation with a wrong dimension',
      list: 'operations',
      item: { op: 'update', id: 'b', vector: [1] },
      message: 'operations[1].vector: expected 2',
      type: 'dimension_mismatch',
    },
    { name: 'an id of a wrong type', list: 'ids', item: 7, message: 'ids[1]: ', type: 'validation_error' },
    { name: 'an id twice', list: 'ids', item: 'a', message: 'ids[1]: duplicate of ids[0]', type: 'validation_error' },
  ])('$name in a batch is refused alone, and the others are written', async ({ list, item, message, type }) => {
    const good = { points: { id: 'a', vector: [1, 1] }, operations: { op: 'delete', id: 'a' }, ids: 'a' }[list];
    const route = { points: `PUT ${V}`, operations: `POST ${V}/batch`, ids: `POST ${V}/delete` }[list] ?? '';
    gateway.written.length = 0;
    const answer = await send({ name: '', route, body: { [list]: [good, item] }, answer: '', message: '' });
    expect(answer.statusCode).toBe(200);
    const { results } = JSON.parse(answer.body) as Results;
    expect(results).toMatchObject([
      { index: 0, id: 'a', status: 'created' },
      { index: 1, status: 'rejected', error: { type } },
    ]);
    expect(results[1]?.error?.message).toContain(message);
    expect(gateway.written.map(({ ops }) => ops)).toMatchObject([[{ id: 'a' }]]);
    gateway.written.length = 0;
  });

  it('answers a batch without one good item without writing anything', async () => {
    const answer = await send({ name: '', route: `PUT ${V}`, body: { points: [1, 2] }, answer: '', message: '' });
    expect(JSON.parse(answer.body)).toMatchObject({ total: 2, succeeded: 0, failed: 2, sequences: [] });
    expect(gateway.written).toEqual([]);
  });

  it('of concurrent creations of one name lets one win', async () => {
    const payload = { name: 'contested', dimension: 2 };
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => gateway.app.inject({ method: 'POST', url: C, payload })),
    );
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });
});
