import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import { decodeToken, encodeToken, type CollectionUid, type Outcome } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { until } from '@vectorizer/testing';
import { fillLogs, startGateway, type Gateway } from './fixture.ts';

const C = '/api/v1/collections';
const V = `${C}/books/vectors`;
const S = `${C}/books/search`;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Answer = { statusCode: number; headers: Record<string, unknown>; json: () => unknown; body: string };

describe('the HTTP surface', () => {
  let gateway: Gateway;
  let uid: CollectionUid;
  const defaults: Partial<Gateway> = {};
  beforeAll(async () => {
    gateway = await startGateway();
    Object.assign(defaults, { answerWrite: gateway.answerWrite, answerSearch: gateway.answerSearch });
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());
  beforeEach(async () => {
    // A new collection for each, since the gateway remembers what it acknowledged to one.
    await gateway.app.inject({ method: 'DELETE', url: `${C}/books` });
    const made = await gateway.app.inject({
      method: 'POST',
      url: C,
      payload: { name: 'books', dimension: 2, shards: 2 },
    });
    uid = made.json<{ uid: CollectionUid }>().uid;
    gateway.written.length = 0;
    gateway.searched.length = 0;
    Object.assign(gateway, defaults);
  });

  async function send(route: string, payload?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const [method, url] = route.split(' ') as [Method, string];
    return gateway.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  }
  function answering(...outcomes: Outcome[]): void {
    gateway.answerWrite = async () => Promise.resolve({ sequences: [5, 0], outcomes });
  }

  it('creates, lists, shows and drops a collection', async () => {
    const made = await send(`POST ${C}`, { name: 'films', dimension: 3, metric: 'dot' });
    expect(made.statusCode).toBe(201);
    expect(made.headers['location']).toBe(`${C}/films`);
    const config = {
      dimension: 3,
      metric: 'dot',
      kind: 'cpu',
      hnsw: { m: 16, ef_construction: 200, ef_search: 64 },
      shards: 1,
      replication_factor: 1,
    };
    const shown = {
      name: 'films',
      uid: expect.stringMatching(/^[a-z0-9]{16}$/),
      created_at: expect.any(String),
      config,
      payload_indexes: [],
      cache: true,
    };
    expect(made.json()).toEqual(shown);
    expect((await send(`GET ${C}`)).json()).toMatchObject({ collections: [{ name: 'books' }, shown] });
    expect((await send(`GET ${C}/films`)).json()).toEqual({
      ...shown,
      points: 3,
      shards: [
        {
          shard: 0,
          replicas: [
            expect.objectContaining({
              node: 'node-a',
              reachable: true,
              applied_sequence: 7,
              indexed: 2,
              buffered: 1,
              dead: 0,
              state_hash: 'ab',
            }),
          ],
        },
      ],
    });
    const { uid: logUid } = made.json() as { uid: CollectionUid };
    expect((await gateway.log.state(logUid, 0)).lastSequence).toBe(0);
    expect((await send(`DELETE ${C}/films`)).json()).toMatchObject({ name: 'films', uid: logUid, status: 'deleted' });
    expect((await send(`GET ${C}/films`)).statusCode).toBe(404);
    await expect(gateway.log.state(logUid, 0)).rejects.toMatchObject({ type: 'collection_not_found' });
  });

  it('declares, lists and drops payload indexes, which are ready once they are on every shard', async () => {
    const indexes = `${C}/books/payload-indexes`;
    const declared = await send(`PUT ${indexes}/${encodeURIComponent('a.b/c')}`, { type: 'keyword' });
    expect([declared.statusCode, declared.json()]).toEqual([200, { key: 'a.b/c', type: 'keyword' }]);
    await send(`PUT ${indexes}/year`, { type: 'float' });
    await send(`PUT ${indexes}/year`, { type: 'integer' });
    const listed = async (): Promise<unknown> => (await send(`GET ${indexes}`)).json();
    const building = { state: 'building', points: 0 };
    const [path, year] = [
      { key: 'a.b/c', type: 'keyword' as const },
      { key: 'year', type: 'integer' as const },
    ];
    expect(await listed()).toEqual({
      payload_indexes: [
        { ...path, ...building },
        { ...year, ...building },
      ],
    });
    gateway.payloadIndexes = [
      { ...path, state: 'ready', points: 4 },
      { ...year, state: 'building', points: 3 },
    ];
    expect(await listed()).toEqual({
      payload_indexes: [
        { ...path, state: 'ready', points: 8 },
        { ...year, state: 'building', points: 6 },
      ],
    });
    const dropped = await send(`DELETE ${indexes}/year`);
    expect([dropped.statusCode, dropped.json()]).toEqual([200, { key: 'year', status: 'deleted' }]);
    expect((await send(`GET ${C}/books`)).json()).toMatchObject({ payload_indexes: [path] });
  });

  it('declares payload indexes with the collection, and lets through what their types can answer', async () => {
    const payload_indexes = [
      { key: 'word', type: 'keyword' },
      { key: 'at', type: 'datetime' },
    ];
    const made = await send(`POST ${C}`, { name: 'notes', dimension: 2, payload_indexes });
    expect(made.json()).toMatchObject({ payload_indexes });
    const filter = {
      must: [
        { key: 'word', match: { any: ['a', 'b'] } },
        { key: 'at', range: { gte: '2026-01-01T00:00:00Z' } },
        { key: 'at', exists: true },
        { key: 'word', is_null: false },
        { key: 'elsewhere', range: { gt: 1 } },
      ],
    };
    const answer = await send(`POST ${C}/notes/search`, { vector: [1, 0], filter });
    expect(answer.statusCode).toBe(200);
    expect(gateway.searched.at(-1)?.searches[0]?.filter).toEqual(filter);
    await send(`DELETE ${C}/notes`);
  });

  it('answers each item of an upsert, in order, with the token of what was written', async () => {
    answering(
      { status: 'created', version: 5 },
      { status: 'version_conflict', version: 2 },
      { status: 'unchanged', version: 3 },
    );
    const points = [
      { id: 'a', vector: [1, 2], payload: { year: 1965 } },
      { id: 'b', vector: [1] },
      { id: 'c', vector: [3, 4], if_version: 1 },
      { id: 'd', vector: Buffer.from(Float32Array.of(5, 6).buffer).toString('base64'), payload: null },
    ];
    const answer = await send(`PUT ${V}`, { points });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      total: 4,
      succeeded: 2,
      failed: 2,
      sequences: [5, 0],
      results: [
        { index: 0, id: 'a', status: 'created', version: 5 },
        { index: 1, id: 'b', status: 'rejected', error: expect.objectContaining({ type: 'dimension_mismatch' }) },
        {
          index: 2,
          id: 'c',
          status: 'version_conflict',
          version: 2,
          error: expect.objectContaining({ type: 'version_conflict' }),
        },
        { index: 3, id: 'd', status: 'unchanged', version: 3 },
      ],
    });
    expect(decodeToken(String(answer.headers['x-vectorizer-token']))).toEqual({ uid, sequences: [5, 0] });
    expect(gateway.written[0]).toMatchObject({
      uid,
      wait: 'applied',
      ops: [
        { kind: 'upsert', id: 'a', vector: Float32Array.of(1, 2), payload: '{"year":1965}' },
        { kind: 'upsert', id: 'c', vector: Float32Array.of(3, 4), if_version: 1 },
        { kind: 'upsert', id: 'd', vector: Float32Array.of(5, 6), payload: null },
      ],
    });
  });

  it('answers 202 and no outcomes when only the log is waited for', async () => {
    gateway.answerWrite = async () => Promise.resolve({ sequences: [0, 9] });
    const answer = await send(`PUT ${V}?wait=logged&timeout_ms=500`, { points: [{ id: 'a', vector: [1, 2] }] });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({
      succeeded: 1,
      results: [{ index: 0, id: 'a', status: 'logged' }],
      sequences: [0, 9],
    });
    expect(gateway.written[0]?.wait).toBe('logged');
    const one = await send(`PUT ${V}/a?wait=logged`, { payload: {} });
    expect([one.statusCode, one.json()]).toEqual([202, { id: 'a', status: 'logged', sequences: [0, 9] }]);
  });

  it('passes the idempotency key on, and makes one up for who has none', async () => {
    await send(`PUT ${V}/a`, { payload: {} }, { 'idempotency-key': 'key-1' });
    await send(`PUT ${V}/a`, { payload: {} });
    expect(gateway.written.map((written) => written.request_id)).toEqual([
      'key-1',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('refuses a whole request whose key was used for another', async () => {
    answering({ status: 'idempotency_key_reused' });
    const answer = await send(`PUT ${V}`, { points: [{ id: 'a', vector: [1, 2] }] }, { 'idempotency-key': 'key-1' });
    expect([answer.statusCode, answer.json()]).toMatchObject([409, { error: { type: 'idempotency_key_reused' } }]);
  });

  it('cuts a batch too heavy for one entry into parts that replay under the same keys', async () => {
    await send(`POST ${C}`, { name: 'wide', dimension: 65_536 });
    const vector = Buffer.from(new Float32Array(65_536).fill(1).buffer).toString('base64');
    const points = Array.from({ length: 10 }, (_, index) => ({ id: `p${index}`, vector }));
    const headers = { 'idempotency-key': 'heavy' };
    for (let round = 0; round < 2; round++) {
      const answer = await send(`PUT ${C}/wide/vectors`, { points }, headers);
      expect(answer.json()).toMatchObject({ total: 10, succeeded: 10 });
    }
    const ids = gateway.written.map((written) => written.request_id);
    expect(ids).toHaveLength(8);
    expect(ids.slice(0, 4)).toEqual(ids.slice(4));
    expect(ids[0]).toBe('heavy');
    expect(new Set(ids).size).toBe(4);
    expect(gateway.written.slice(0, 4).flatMap(({ ops }) => ops.map((op) => ('id' in op ? op.id : '')))).toEqual(
      points.map(({ id }) => id),
    );
  });

  it('says of a write whose deadline passed whether it is in the log', async () => {
    gateway.answerWrite = async () =>
      Promise.reject(
        new Failure('deadline_exceeded', 'not applied in time', { details: { sequences: [4, 0], logged: true } }),
      );
    const answer = await send(`PUT ${V}/a`, { payload: {} });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      504,
      { error: { details: { sequences: [4, 0], logged: true } } },
    ]);
  });

  it('regression: does not tell of a failed write that it is where the token of the client says', async () => {
    await fillLogs(gateway, uid, [3, 3]);
    const headers = { 'x-vectorizer-token': encodeToken(uid, [3, 3]) };
    const details = { sequences: [4, 0], logged: true };
    gateway.answerWrite = async () => Promise.reject(new Failure('deadline_exceeded', 'late', { details }));
    expect((await send(`PUT ${V}/a`, { payload: {} }, headers)).json()).toMatchObject({ error: { details } });
    gateway.answerWrite = async () => Promise.reject(new Failure('log_unavailable', 'away'));
    const { error } = (await send(`PUT ${V}/a`, { payload: {} }, headers)).json() as { error: { details: object } };
    expect(error.details).toEqual({ logged: 'unknown', idempotency_key: expect.any(String) });
  });

  it.each<[string, object | undefined, object]>([
    [`PUT ${V}/a`, { vector: [1, 2] }, { kind: 'update', id: 'a', vector: Float32Array.of(1, 2) }],
    [`PUT ${V}/a`, { payload: null, if_version: 3 }, { kind: 'update', id: 'a', payload: null, if_version: 3 }],
    [
      `PATCH ${V}/a`,
      { merge: { a: 1 }, if_version: 3 },
      { kind: 'payload_merge', id: 'a', payload: '{"a":1}', if_version: 3 },
    ],
    [
      `PATCH ${V}/a`,
      { replace: { constructor: 1 } },
      { kind: 'payload_replace', id: 'a', payload: '{"constructor":1}' },
    ],
    [`PATCH ${V}/a`, { delete_keys: ['a'] }, { kind: 'payload_delete_keys', id: 'a', keys: ['a'] }],
    [`DELETE ${V}/a?if_version=3`, undefined, { kind: 'delete', id: 'a', if_version: 3 }],
    [`DELETE ${V}/${encodeURIComponent('ü/ %?#')}`, undefined, { kind: 'delete', id: 'ü/ %?#' }],
    [`PUT ${V}/get`, { payload: {} }, { kind: 'update', id: 'get', payload: '{}' }],
  ])('turns %s with %j into one operation', async (route, body, operation) => {
    answering({ status: 'updated', version: 5 });
    const answer = await send(route, body);
    expect([answer.statusCode, answer.json()]).toMatchObject([
      200,
      { status: 'updated', version: 5, sequences: [5, 0] },
    ]);
    expect(gateway.written[0]?.ops).toEqual([operation]);
  });

  it.each<[Outcome, string]>([
    [{ status: 'not_found' }, '404 vector_not_found'],
    [{ status: 'version_conflict', version: 4 }, '409 version_conflict'],
    [{ status: 'idempotency_key_reused' }, '409 idempotency_key_reused'],
    [{ status: 'rejected', reason: 'of another dimension' }, '400 validation_error'],
  ])('answers the outcome %j of a single write as a failure', async (outcome, expected) => {
    answering(outcome);
    const answer = await send(`PUT ${V}/a`, { payload: {} });
    const { error } = answer.json() as { error: { type: string } };
    expect(`${answer.statusCode} ${error.type}`).toBe(expected);
  });

  it('keeps the order of a mixed batch, also of operations on one id', async () => {
    answering({ status: 'created', version: 5 }, { status: 'updated', version: 5 }, { status: 'deleted' });
    const operations = [
      { op: 'insert', id: 'a', vector: [1, 2] },
      { op: 'payload_merge', id: 'a', payload: { a: 1 } },
      { op: 'delete', id: 'a' },
    ];
    const answer = await send(`POST ${V}/batch`, { operations });
    expect(answer.json()).toMatchObject({
      succeeded: 3,
      results: [{ status: 'created' }, { status: 'updated' }, { status: 'deleted' }],
    });
    expect(gateway.written[0]?.ops.map(({ kind }) => kind)).toEqual(['insert', 'payload_merge', 'delete']);
  });

  it('says how many points a delete by filter removed', async () => {
    answering({ status: 'deleted', count: 12 });
    const filter = { must: [{ key: 'year', range: { lt: 1900 } }] };
    expect((await send(`POST ${V}/delete`, { filter })).json()).toEqual({
      status: 'deleted',
      deleted: 12,
      sequences: [5, 0],
    });
    expect(gateway.written[0]?.ops).toEqual([{ kind: 'delete_by_filter', filter }]);
  });

  it('takes MessagePack, with vectors as float32 bytes or numbers', async () => {
    const points = [
      { id: 'a', vector: Buffer.from(Float32Array.of(1, 2).buffer) },
      { id: 'b', vector: [3, 4], payload: { year: 1 } },
    ];
    const answer = await gateway.app.inject({
      method: 'PUT',
      url: V,
      headers: { 'content-type': 'application/msgpack' },
      payload: new Packr({ useRecords: false }).pack({ points }),
    });
    expect(answer.statusCode).toBe(200);
    expect(gateway.written[0]?.ops).toMatchObject([
      { vector: Float32Array.of(1, 2) },
      { vector: Float32Array.of(3, 4), payload: '{"year":1}' },
    ]);
  });

  it('answers a search with the payload text as it is stored, and the vector when asked', async () => {
    const payload = '{"title":"Dune \\u2014 \\"1\\"","constructor":1,"n":1e21}';
    gateway.answerSearch = async () =>
      Promise.resolve({
        sequences: [3, 4],
        cache: { status: 'hit', age_ms: 1_234 },
        results: [
          {
            hits: [
              { id: 'a"\u2028', score: 0.5, version: 3, payload, vector: Float32Array.of(1, 0.5) },
              { id: 'b', score: -1, version: 4, payload: null },
            ],
            warnings: [{ code: 'unindexed_filter', message: 'year is not indexed', fields: ['year'] }],
          },
        ],
      });
    const answer = await send(`POST ${S}`, { vector: [1, 0], k: 2, with_vector: true });
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringContaining('application/json'),
      'x-cache': 'hit',
      'x-cache-age-ms': '1234',
      age: '1',
    });
    expect(answer.body).toContain(payload);
    expect(answer.json()).toEqual({
      hits: [
        { id: 'a"\u2028', score: 0.5, version: 3, payload: JSON.parse(payload) as unknown, vector: [1, 0.5] },
        { id: 'b', score: -1, version: 4, payload: null },
      ],
      warnings: [{ code: 'unindexed_filter', message: 'year is not indexed', fields: ['year'] }],
    });
    expect(decodeToken(String(answer.headers['x-vectorizer-token']))).toEqual({ uid, sequences: [3, 4] });
    expect(gateway.searched[0]).toEqual({
      uid,
      consistency: 'eventual',
      searches: [{ vector: Float32Array.of(1, 0), k: 2, with_payload: true, with_vector: true }],
    });
  });

  it('reads in a session what the token says, what it wrote itself, or nothing in particular', async () => {
    await fillLogs(gateway, uid, [0, 8]);
    const token = encodeToken(uid, [0, 8]);
    const demanded = async (body: object, headers: Record<string, string> = {}): Promise<unknown> => {
      await send(`POST ${S}`, { vector: [1, 0], ...body }, headers);
      const { consistency, seen } = gateway.searched.at(-1) ?? {};
      return [consistency, seen];
    };
    expect(await demanded({})).toEqual(['eventual', undefined]);
    expect(await demanded({}, { 'x-vectorizer-token': token })).toEqual(['session', [0, 8]]);
    answering({ status: 'updated', version: 5 });
    await send(`PUT ${V}/a`, { payload: {} });
    expect(await demanded({})).toEqual(['session', [5, 0]]);
    expect(await demanded({}, { 'x-vectorizer-token': token })).toEqual(['session', [5, 8]]);
    expect(await demanded({ consistency: 'eventual' }, { 'x-vectorizer-token': token })).toEqual([
      'eventual',
      undefined,
    ]);
    expect(await demanded({ consistency: 'strong' })).toEqual(['strong', undefined]);
  });

  it('hands on how old a state may be, and whether the cache will do', async () => {
    await fillLogs(gateway, uid, [0, 8]);
    const asked = async (body: object, headers: Record<string, string> = {}): Promise<object> => {
      expect((await send(`POST ${S}`, { vector: [1, 0], ...body }, headers)).statusCode).toBe(200);
      const { searches: _, uid: __, ...rest } = gateway.searched.at(-1) ?? { searches: [], uid: '' };
      return rest;
    };
    expect(await asked({ max_lag_ms: 50 })).toEqual({ consistency: 'bounded', max_lag_ms: 50 });
    expect(await asked({ max_lag_ms: 0 }, { 'x-vectorizer-token': encodeToken(uid, [0, 8]) })).toEqual({
      consistency: 'bounded',
      max_lag_ms: 0,
      seen: [0, 8],
    });
    const bypassing = { consistency: 'eventual', bypass_cache: true };
    expect(await asked({}, { 'cache-control': 'max-age=0, No-Cache' })).toEqual(bypassing);
    expect(await asked({}, { 'cache-control': 'max-age=0' })).toEqual({ consistency: 'eventual' });
    answering({ status: 'updated', version: 5 });
    await send(`PUT ${V}/a`, { payload: {} });
    expect(await asked({ max_staleness_ms: 900 })).toEqual({ consistency: 'eventual', max_staleness_ms: 900 });
    expect(await asked({ max_staleness_ms: 900, consistency: 'session' })).toMatchObject({ seen: [5, 0] });
  });

  it.each([
    [{ consistency: 'bounded' }, 'max_lag_ms'],
    [{ consistency: 'eventual', max_lag_ms: 1 }, 'max_lag_ms'],
    [{ consistency: 'strong', max_staleness_ms: 1 }, 'max_staleness_ms'],
    [{ max_lag_ms: 1, max_staleness_ms: 1 }, 'max_staleness_ms'],
    [{ max_lag_ms: -1 }, 'max_lag_ms'],
    [{ max_staleness_ms: 3_600_001 }, 'max_staleness_ms'],
  ])('refuses %j, whose parts contradict each other, naming %s', async (body, field) => {
    const answer = await send(`POST ${S}`, { vector: [1, 0], ...body });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      400,
      { error: { type: 'validation_error', details: { field } } },
    ]);
  });

  it('switches the cache of a collection off and on', async () => {
    const answer = await send(`PATCH ${C}/books`, { cache: false });
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { name: 'books', cache: false }]);
    expect((await send(`GET ${C}/books`)).json()).toMatchObject({ cache: false });
    expect((await send(`PATCH ${C}/books`, { cache: true })).json()).toMatchObject({ cache: true });
    expect((await send(`PATCH ${C}/books`, { cache: 'no' })).statusCode).toBe(400);
    expect((await send(`PATCH ${C}/nothing`, { cache: true })).statusCode).toBe(404);
  });

  it('tells a client that its token is ahead of the log, and that the log has lost what was acknowledged here', async () => {
    answering({ status: 'updated', version: 5 });
    await send(`PUT ${V}/a`, { payload: {} });
    gateway.answerSearch = async () => {
      throw new Failure('token_ahead', 'the log ends at 2', { details: { log_ends_at: 2 } });
    };
    const headers = { 'x-vectorizer-token': encodeToken(uid, [9, 9]) };
    const ahead = await send(`POST ${S}`, { vector: [1, 0] }, headers);
    expect([ahead.statusCode, ahead.json()]).toMatchObject([409, { error: { type: 'token_ahead' } }]);
    const lost = await send(`POST ${S}`, { vector: [1, 0] });
    expect([lost.statusCode, lost.json()]).toMatchObject([503, { error: { type: 'log_unavailable' } }]);
    gateway.answerSearch = async () =>
      Promise.resolve({ sequences: [1], results: [{ hits: [], warnings: [] }], cache: { status: 'miss' } });
    await send(`POST ${S}`, { vector: [1, 0] });
    expect(gateway.searched.at(-1)).toMatchObject({ consistency: 'eventual' });
  });

  it('does not blame a token for what others were acknowledged here, and the log has lost', async () => {
    answering({ status: 'updated', version: 5 });
    await send(`PUT ${V}/a`, { payload: {} });
    await fillLogs(gateway, uid, [1]);
    const details = { shard: 0, demanded: 5, log_ends_at: 1 };
    gateway.answerSearch = async ({ seen = [] }) => {
      if (seen[0] === 5) throw new Failure('token_ahead', 'the log ends at 1', { details });
      return Promise.resolve({ sequences: [1], results: [{ hits: [], warnings: [] }] });
    };
    const headers = { 'x-vectorizer-token': encodeToken(uid, [1]) };
    const lost = await send(`POST ${S}`, { vector: [1, 0] }, headers);
    expect([lost.statusCode, lost.json()]).toMatchObject([503, { error: { type: 'log_unavailable' } }]);
    expect((await send(`POST ${S}`, { vector: [1, 0] }, headers)).statusCode).toBe(200);
  });

  it('never answers a token older than the one that was sent', async () => {
    await fillLogs(gateway, uid, [1, 8]);
    const headers = { 'x-vectorizer-token': encodeToken(uid, [1, 8]) };
    answering({ status: 'updated', version: 5 });
    const wrote = await send(`PUT ${V}/a`, { payload: {} }, headers);
    expect(decodeToken(String(wrote.headers['x-vectorizer-token'])).sequences).toEqual([5, 8]);
    const read = await send(`POST ${S}`, { vector: [1, 0], consistency: 'eventual' }, headers);
    expect(decodeToken(String(read.headers['x-vectorizer-token'])).sequences).toEqual([1, 8]);
  });

  it('refuses a token of a dropped namesake', async () => {
    const old = encodeToken(uid, [1, 1]);
    await send(`DELETE ${C}/books`);
    await send(`POST ${C}`, { name: 'books', dimension: 2 });
    const answer = await send(`POST ${S}`, { vector: [1, 0] }, { 'x-vectorizer-token': old });
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { error: { type: 'invalid_token' } }]);
  });

  it('counts 100 searches of which 10 fail as 100, and keeps no series of a dropped collection', async () => {
    const hit = { id: 'a', score: 1, version: 1 };
    gateway.answerSearch = async () => Promise.resolve({ sequences: [1], results: [{ hits: [hit], warnings: [] }] });
    for (let i = 0; i < 90; i++) await send(`POST ${S}`, { vector: [1, 0] });
    const json = { 'content-type': 'application/json' };
    for (let i = 0; i < 4; i++)
      await gateway.app.inject({ method: 'POST', url: S, headers: json, payload: '{"vector":' });
    for (let i = 0; i < 3; i++) await send(`POST ${S}`, { vector: [1] });
    gateway.answerSearch = async () => Promise.reject(new Failure('index_unavailable', 'nobody there'));
    for (let i = 0; i < 3; i++) await send(`POST ${S}`, { vector: [1, 0] });
    const { body } = await send('GET /metrics');
    expect(body).toContain('vectorizer_search_requests_total{collection="books",status="success"} 90');
    expect(body).toContain('vectorizer_search_requests_total{collection="books",status="error"} 10');
    expect(body).toContain('vectorizer_search_latency_seconds_count{collection="books"} 100');
    expect(body).toContain('vectorizer_search_results_count_sum{collection="books"} 90');
    await send(`DELETE ${C}/books`);
    expect((await send('GET /metrics')).body).not.toContain('collection="books"');
  });

  it('keeps no series of a collection that another gateway drops, even when a search of it ends later', async () => {
    const ends = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await send(`POST ${S}`, { vector: [1, 0] });
    gateway.answerSearch = async () => {
      arrived.resolve();
      await ends.promise;
      return { sequences: [1], results: [{ hits: [], warnings: [] }] };
    };
    const late = send(`POST ${S}`, { vector: [1, 0] });
    await arrived.promise;
    await gateway.elsewhere.drop('books');
    await until(() => gateway.catalog.known('books') === undefined);
    ends.resolve();
    expect((await late).statusCode).toBe(200);
    const { body } = await send('GET /metrics');
    expect(body).not.toContain('collection="books"');
    expect(body).toContain('vectorizer_search_requests_total{collection="unknown",status="success"}');
  });

  it('counts batches of points and alias operations, and tells the stages of a search', async () => {
    await send(`PUT ${V}`, { points: [{ id: 'a', vector: [1, 0] }] });
    await send(`POST ${V}/batch`, { operations: [] });
    await send('PUT /api/v1/aliases/novels', { collection: 'books' });
    await send('DELETE /api/v1/aliases/unheard');
    const { body } = await send('GET /metrics');
    expect(body).toContain('vectorizer_insert_requests_total{collection="books",status="success"} 1');
    expect(body).toContain('vectorizer_insert_requests_total{collection="books",status="error"} 1');
    expect(body).toContain('vectorizer_insert_latency_seconds_count{collection="books"} 2');
    expect(body).toContain('vectorizer_alias_operations_total{operation="put",status="success"} 1');
    expect(body).toContain('vectorizer_alias_operations_total{operation="delete",status="error"} 1');
    const stages = { plan: 0.0123456, shards: 2 };
    gateway.answerSearch = async () =>
      Promise.resolve({ sequences: [1], results: [{ hits: [], warnings: [] }], stages });
    const { headers } = await send(`POST ${C}/novels/search`, { vector: [1, 0] });
    expect(headers['server-timing']).toBe('plan;dur=0.012, shards;dur=2');
    expect((await send('GET /metrics')).body).not.toContain('collection="novels"');
  });
});
