import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectSecurely } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '@vectorizer/client';
import { CollectionUid, encodeToken, subjects } from '@vectorizer/contracts';
import { failures, type FailureType } from '@vectorizer/errors';
import { pauseProcess, until } from '@vectorizer/testing';
import { logLines } from '../system/log-lines.ts';
import { logServerOf } from '../system/log-server.ts';
import { authority } from '../system/secure.ts';
import { startSystem, type System } from '../system/system.ts';

type Call = { readonly route: string; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };
const C = '/api/v1/collections';
const V = `${C}/books/vectors`;
const json = { 'content-type': 'application/json' };
const point = { id: 'a', vector: [1, 0] };
const search = { route: `POST ${C}/books/search`, body: { vector: [1, 0], timeout_ms: 1_000 } };

/** What a client does to be answered by each, on a whole system. */
const refusals: Partial<Record<FailureType, Call>> = {
  validation_error: { route: `PUT ${V}/a`, body: { vectors: [1, 0] } },
  dimension_mismatch: { route: `PUT ${V}/a`, body: { vector: [1] } },
  malformed_body: { route: `PUT ${V}/a`, body: '{' },
  invalid_token: { ...search, headers: { 'x-vectorizer-token': '?' } },
  not_found: { route: 'GET /api/v1/nothing' },
  collection_not_found: { route: `GET ${C}/nothing` },
  vector_not_found: { route: `GET ${V}/nothing` },
  method_not_allowed: { route: `PUT ${C}` },
  collection_already_exists: { route: `POST ${C}`, body: { name: 'books', dimension: 2 } },
  version_conflict: { route: `PUT ${V}/a`, body: { vector: [0, 1], if_version: 999 } },
  idempotency_key_reused: { route: `PUT ${V}/a`, body: { vector: [0, 1] }, headers: { 'idempotency-key': 'used' } },
  payload_too_large: { route: `PUT ${V}`, body: ' '.repeat(64 * 1024 * 1024) },
  unsupported_media_type: { route: `PUT ${V}`, body: 'points', headers: { 'content-type': 'text/plain' } },
  headers_too_large: { route: `GET ${C}`, headers: { 'x-long': 'x'.repeat(20_000) } },
};

type Told = { readonly type: FailureType; readonly details: Record<string, unknown> };

/** What an answer says went wrong, once it is seen that it says so in the right way. */
async function failureOf(answer: Response): Promise<Told> {
  const text = await answer.text();
  const { error } = JSON.parse(text) as { error: Told };
  expect(answer.status).toBe(failures[error.type].http);
  expect(answer.headers.has('retry-after')).toBe([429, 503].includes(answer.status));
  expect(text).not.toMatch(/\bat .*\.(js|ts):\d+|node_modules|\/dist\//);
  return error;
}

/** What these bytes are answered with, which no client of HTTP would send, once the connection is closed. */
async function answerTo(url: string, request: string): Promise<Response> {
  const { hostname: host, port } = new URL(url);
  const at = { host, port: Number(port) };
  const socket = authority === undefined ? connect(at) : connectSecurely({ ...at, ca: readFileSync(authority) });
  socket.setEncoding('utf8').write(request);
  const heard = (await socket.toArray()).join('');
  const [head = '', body = ''] = heard.split('\r\n\r\n', 2);
  const [line = '', ...fields] = head.split('\r\n');
  const headers = fields.map((field): [string, string] => [field.split(': ', 1)[0] ?? '', field.replace(/^.*?: /, '')]);
  return new Response(body, { status: Number(line.split(' ')[1]), headers });
}

describe('every failure', () => {
  let system: System;
  /** To half a request; it takes its time, during which the others are met. */
  let late: Promise<Response>;
  beforeAll(async () => {
    system = await startSystem('cluster');
    late = answerTo(system.url, `GET ${C} HTTP/1.1\r\n`);
    await system.client.createCollection({ name: 'books', dimension: 2, metric: 'dot' });
    await ask({ route: `PUT ${V}`, body: { points: [point] }, headers: { 'idempotency-key': 'used' } });
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  async function ask({ route, body, headers }: Call, url: string = system.url): Promise<Response> {
    const [method = '', path = ''] = route.split(' ');
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const sent = text === undefined ? {} : { body: text };
    return fetch(`${url}${path}`, { method, headers: { ...(text ? json : {}), ...headers }, ...sent });
  }

  const met = new Set<string>();
  async function told(answer: Response): Promise<Told> {
    const failure = await failureOf(answer);
    met.add(failure.type);
    return failure;
  }

  /** Why the replicas of a collection do not answer a search of it. */
  async function reasonsOf(name: string): Promise<string[]> {
    const { type, details } = await told(await ask({ ...search, route: `POST ${C}/${name}/search` }));
    expect(type).toBe('index_unavailable');
    const types = Object.values(details['replicas'] ?? {}) as string[];
    for (const each of types) met.add(each);
    return types;
  }

  it.each(Object.keys(refusals) as FailureType[])(
    '%s is what a mistake of the client is answered with',
    async (type) => {
      expect(await told(await ask(refusals[type] ?? search))).toMatchObject({ type: type });
    },
  );

  it('not_implemented is what is said, as Qdrant says it, of an operation of its that is not here', async () => {
    const answer = await ask({ route: 'GET /qdrant/cluster/telemetry' });
    expect(answer.status).toBe(failures.not_implemented.http);
    expect(await answer.json()).toMatchObject({ status: { error: expect.stringMatching(/^not supported: /) } });
    met.add('not_implemented');
  });

  it('vector_already_exists is what an item of a batch is answered with', async () => {
    const answer = await ask({ route: `POST ${V}`, body: { points: [point] } });
    const { results } = (await answer.json()) as { results: unknown[] };
    expect(results).toMatchObject([{ status: 'already_exists', error: { type: 'vector_already_exists' } }]);
    met.add('vector_already_exists');
  });

  it('token_ahead is what a read is answered with that demands what the log does not have, replica_behind if there is no time to ask it', async () => {
    const { uid } = await system.client.getCollection('books');
    const headers = { 'x-vectorizer-token': encodeToken(CollectionUid.parse(uid), [1_000]) };
    expect(await told(await ask({ ...search, headers }))).toMatchObject({ type: 'token_ahead' });
    const hasty = { vector: [1, 0], timeout_ms: 40 };
    // On a busy machine the time may be up before it is known that there is too little of it.
    const isBehind = async (): Promise<boolean> =>
      (await told(await ask({ ...search, body: hasty, headers }))).type === 'replica_behind';
    await until(isBehind, { what: 'a read that has no time to ask' });
  });

  it('event_refused is what is said of an event that was not written, and the others of those that are not there', async () => {
    await using server = await logServerOf(system);
    const published = await server.ask('vectorizer.events.books.upsert', { id: 'b', vector: [1] });
    const { seq } = published as { readonly seq: number };
    const refused = await told(
      await ask({ route: `GET /api/v1/events/${seq}/token?collection=books&timeout_ms=10000` }),
    );
    expect(refused).toMatchObject({ type: 'event_refused' });
    const later = { route: `GET /api/v1/events/${seq + 1}/token?collection=books&timeout_ms=100` };
    expect(await told(await ask(later))).toMatchObject({ type: 'event_not_found' });
    const letter = { route: 'GET /api/v1/events/dead-letters/999' };
    expect(await told(await ask(letter))).toMatchObject({ type: 'dead_letter_not_found' });
  });

  it('changes_gone is what a follower is answered with whose position the log no longer reaches', async () => {
    await system.client.createCollection({ name: 'cut', dimension: 2, metric: 'dot' });
    for (const id of ['a', 'b', 'c']) await system.client.upsert('cut', [{ id, vector: [1, 0] }]);
    const { uid } = await system.client.getCollection('cut');
    await using server = await logServerOf(system);
    await server.ask(`$JS.API.STREAM.PURGE.${subjects.stream(CollectionUid.parse(uid), 0)}`, { seq: 3 });
    const refused = await told(await ask({ route: `GET ${C}/cut/changes?from=1` }));
    expect(refused).toMatchObject({ type: 'changes_gone', details: { shard: 0, next: 2, first: 3 } });
    await system.client.deleteCollection('cut');
  });

  it('service_unavailable is what a request is answered with whose service is away', async () => {
    await system.kill('query-1', 'hold');
    expect(await told(await ask(search))).toMatchObject({ type: 'service_unavailable' });
    await system.start('query-1');
    await system.ready('query-1');
  });

  it('index_unavailable is what a search is answered with when no replica is there', async () => {
    await system.kill('index-1', 'hold');
    expect(await told(await ask(search))).toMatchObject({ type: 'index_unavailable' });
    const write = await ask({ route: `PUT ${V}/b?timeout_ms=3000`, body: { vector: [1, 0] } });
    expect(await told(write)).toMatchObject({ type: 'deadline_exceeded', details: { logged: true } });
    await system.start('index-1');
    await system.ready('index-1');
  });

  it('replica_diverged and storage_error are what index_unavailable tells of replicas that may not be read, or cannot', async () => {
    const { client } = system;
    const replicasOf = async (name: string): Promise<readonly { readonly phase?: string | undefined }[]> =>
      (await client.getCollection(name)).shards.flatMap(({ replicas }) => replicas);
    await client.createCollection({ name: 'replaced', dimension: 2, metric: 'dot' });
    await client.upsert('replaced', [point]);
    const { uid } = await client.getCollection('replaced');
    const stream = subjects.stream(CollectionUid.parse(uid), 0);
    await using server = await logServerOf(system);
    const { config } = (await server.ask(`$JS.API.STREAM.INFO.${stream}`)) as { readonly config: object };
    await server.ask(`$JS.API.STREAM.DELETE.${stream}`, new Uint8Array());
    await server.ask(`$JS.API.STREAM.CREATE.${stream}`, config);
    await until(async () => (await replicasOf('replaced')).every(({ phase }) => phase === 'diverged'));
    expect(await reasonsOf('replaced')).toEqual(['replica_diverged']);

    await client.createCollection({ name: 'damaged', dimension: 2, metric: 'dot' });
    await client.upsert('damaged', [point]);
    const damaged = await client.getCollection('damaged');
    await system.kill('index-1', 'hold');
    const graph = join(system.data, 'index-1', 'replicas', `${damaged.uid}_0`, 'graph');
    await rm(graph, { recursive: true });
    await writeFile(graph, 'not a directory');
    await system.start('index-1');
    await system.ready('index-1');
    await until(async () => (await replicasOf('damaged')).every(({ phase }) => phase === 'failed'));
    expect(await reasonsOf('damaged')).toEqual(['storage_error']);
    for (const name of ['replaced', 'damaged']) await client.deleteCollection(name);
  });

  it('overloaded and log_unavailable are what is answered while the log is away', async () => {
    await using alone = await startSystem('standalone');
    await alone.client.createCollection({ name: 'books', dimension: 2, metric: 'dot' });
    const write = async (batch: number): Promise<Response> => {
      const points = Array.from({ length: 1_000 }, (_, i) => ({ ...point, id: `${batch}/${i}` }));
      return ask({ route: `PUT ${V}?timeout_ms=3000`, body: { points } }, alone.url);
    };
    const { pid } = await alone.process('nats');
    pauseProcess(pid);
    const answers = await Promise.all(Array.from({ length: 40 }, async (_, batch) => write(batch)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(await told(answer)).toMatchObject({ type: 'overloaded' });
    const fresh = { name: 'fresh', dimension: 2, metric: 'dot' };
    expect(await told(await ask({ route: `POST ${C}`, body: fresh }, alone.url))).toMatchObject({
      type: 'log_unavailable',
    });
    process.kill(pid, 'SIGCONT');
  });

  it('authentication_error, authorization_error and rate_limit_exceeded are what keys that are bad, narrow or used up get', async () => {
    await using closed = await startSystem('standalone');
    const admin = await closed.client.keys.create({ name: 'root', roles: ['admin'] });
    const as = async (key: string, call: Call): Promise<Told> =>
      told(await ask({ ...call, headers: { authorization: `Bearer ${key}` } }, closed.url));
    expect(await as('nothing', search)).toMatchObject({ type: 'authentication_error', details: {} });
    await using client = new VectorizerClient({ url: closed.url, apiKey: admin.key });
    const { key } = await client.keys.create({ name: 'reader', roles: ['viewer'] });
    const slow = { per_s: 1, burst: 1 };
    const limited = await client.keys.create({ name: 'slow', roles: ['viewer'], rate: { read: slow } });
    const [, refused] = [
      await ask({ ...search, headers: { 'x-api-key': limited.key } }, closed.url),
      await as(limited.key, search),
    ];
    expect(refused).toMatchObject({ type: 'rate_limit_exceeded', details: { limit_type: 'read', limit: 1 } });
    expect(await as(key, { route: `DELETE ${C}/books` })).toMatchObject({
      type: 'authorization_error',
      details: { permission: 'delete_collection' },
    });
  });

  it('expectation_failed is what a request is answered with that expects what is not done', async () => {
    const head = `GET ${C} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n`;
    const refused = await told(await answerTo(system.url, `${head}expect: more\r\n\r\n`));
    expect(refused).toMatchObject({ type: 'expectation_failed' });
  });

  it('request_timeout is what half a request is answered with', async () => {
    expect(await told(await late)).toMatchObject({ type: 'request_timeout' });
  });

  it('is no fault in the logs where it is a mistake of the client', async () => {
    const lines = (await logLines(system.data)).filter(({ status }) => typeof status === 'number' && status < 500);
    expect(lines.length).toBeGreaterThanOrEqual(Object.keys(refusals).length);
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('has been met, but for a bug of ours, which nobody can ask for', () => {
    expect(Object.keys(failures).filter((type) => !met.has(type))).toEqual(['internal_error']);
  });
});
