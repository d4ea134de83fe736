import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNats, SnapshotStore, type NatsConnection } from '@vectorizer/cluster';
import { CollectionConfig, NewCollection, NodeId } from '@vectorizer/contracts';
import { createLogger } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import { pack, type Header } from 'tar-stream';
import { startGateway, type Gateway } from './fixture.ts';

type Part = { readonly name: string; readonly content: Buffer; readonly more?: Partial<Header> };
type Sent = { readonly key?: string; readonly to?: string; readonly type?: string };
type Answer = { readonly status: number; readonly body: Record<string, unknown> & { readonly error?: object } };

const AT = '2026-11-26T19:11:15.094Z';
const POINTS = Buffer.alloc(3 * 1024 * 1024 + 17, 'points');
const GRAPH = Buffer.alloc(0);

let gateway: Gateway;
let connection: NatsConnection;
let store: SnapshotStore;

beforeAll(async () => {
  gateway = await startGateway();
  connection = await connectNats({ servers: gateway.nats.url, name: 'test' });
  store = await SnapshotStore.open({
    connection,
    replicas: 1,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
});
afterAll(async () => {
  store.close();
  await connection.close();
  await gateway[Symbol.asyncDispose]();
});

function manifest(more: object = {}): object {
  const files = [
    { path: 'points.mdb', ...described(POINTS) },
    { path: 'graph/manifest.json', ...described(GRAPH) },
  ];
  const hash = 'a'.repeat(64);
  const taken = {
    v: 1,
    uid: 'a'.repeat(16),
    sequence: 7,
    chain: hash,
    state_hash: hash,
    points: 3,
    taken_at: AT,
    files,
  };
  const config = CollectionConfig.parse({ dimension: 2, shards: 2 });
  return {
    v: 1,
    id: 'a'.repeat(16),
    collection: 'books',
    uid: 'b'.repeat(16),
    config,
    payload_indexes: [],
    aliases: ['library'],
    state: 'complete',
    created_at: AT,
    updated_at: AT,
    shards: [0, 1].map((shard) => ({ ...taken, shard })),
    ...more,
  };
}

function described(content: Buffer): object {
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

function first(more?: object): Part {
  return { name: 'manifest.json', content: Buffer.from(JSON.stringify(manifest(more))) };
}

const files = (shard: number): Part[] => [
  { name: `${shard}/points.mdb`, content: POINTS },
  { name: `${shard}/graph/manifest.json`, content: GRAPH },
];
const whole = (): Part[] => [first(), ...files(0), ...files(1)];

async function packed(parts: readonly Part[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, more } of parts) archive.entry({ name, ...more }, content);
  archive.finalize();
  return buffer(archive);
}

async function send(body: Buffer | Readable, { key, to = 'books/snapshots/upload', type }: Sent = {}): Promise<Answer> {
  const answer = await gateway.app.inject({
    method: 'POST',
    url: `/api/v1/collections/${to}`,
    headers: { 'content-type': type ?? 'application/x-tar', ...(key !== undefined && { 'x-api-key': key }) },
    payload: body,
  });
  return { status: answer.statusCode, body: answer.json() };
}

const error = (type: string, message: string): object => ({
  error: { type, message: expect.stringContaining(message) },
});

async function listed(key?: string): Promise<unknown[]> {
  const headers = key === undefined ? {} : { 'x-api-key': key };
  const answer = await gateway.app.inject({ url: '/api/v1/collections/books/snapshots', headers });
  return answer.json<{ snapshots: unknown[] }>().snapshots;
}

describe('an archive that is uploaded', () => {
  it('is taken, also when it was packed anew in another order', async () => {
    const again = [first(), { name: './0/', content: Buffer.alloc(0), more: { type: 'directory' as const } }];
    const moved = [...files(1), ...files(0)].map((part) => ({ ...part, name: `./${part.name}` }));
    for (const parts of [whole(), [...again, ...moved]]) {
      const { status, body } = await send(await packed(parts));
      expect({ status, body }).toMatchObject({
        status: 201,
        body: { collection: 'books', state: 'complete', points: 6, bytes: 2 * POINTS.length, aliases: ['library'] },
      });
      const { id, uid } = body as { id: string; uid: string };
      expect([id, uid]).not.toContain('a'.repeat(16));
      const download = await gateway.app.inject(`/api/v1/collections/books/snapshots/${id}/download`);
      expect(download.rawPayload.includes(POINTS)).toBe(true);
      const gone = await gateway.app.inject({ method: 'DELETE', url: `/api/v1/collections/books/snapshots/${id}` });
      expect(gone.statusCode).toBe(200);
    }
  });

  it('is refused for whatever is wrong with it, and leaves nothing', async () => {
    const good = await packed(whole());
    const flipped = Buffer.from(good);
    const at = good.indexOf(POINTS) + 2_000_000;
    flipped.writeUInt8((flipped[at] ?? 0) ^ 1, at);
    const shards = (manifest() as { shards: { files: object[] }[] }).shards;
    const renamed = (path: string): object => ({
      shards: shards.map((shard) => ({ ...shard, files: [{ path, ...described(GRAPH) }] })),
    });
    const link: Part = {
      name: '0/points.mdb',
      content: Buffer.alloc(0),
      more: { type: 'symlink', linkname: '/etc/passwd' },
    };
    const refusals: readonly (readonly [Buffer, number, string, string])[] = [
      [good.subarray(0, at), 400, 'malformed_body', 'Unexpected end of data'],
      [await packed(whole().slice(0, -1)), 400, 'malformed_body', 'ends before 1/graph/manifest.json'],
      [flipped, 400, 'validation_error', '0/points.mdb: is not what the manifest says'],
      [Buffer.alloc(0), 400, 'malformed_body', 'empty'],
      [Buffer.alloc(5_000, 'no archive'), 400, 'malformed_body', 'cannot be read'],
      [await packed([...files(0), first()]), 400, 'validation_error', 'where manifest.json belongs'],
      [await packed([...whole(), ...files(0)]), 400, 'validation_error', 'here twice'],
      [await packed([first(), { name: '0/points.mdb', content: GRAPH }]), 400, 'validation_error', 'has 0 bytes, and'],
      [await packed([first(), link]), 400, 'validation_error', 'is a symlink'],
      [await packed([first({ v: 2 })]), 409, 'version_conflict', 'of format 2; this version reads format 1'],
      [await packed([first({ collection: 'films' })]), 400, 'validation_error', 'the archive is of films'],
      [await packed([first({ state: 'running' })]), 400, 'validation_error', 'manifest.json.state'],
      [await packed([first({ shards: shards.slice(1) })]), 400, 'validation_error', 'each shard of the configuration'],
      [await packed([first(renamed('../../passwd'))]), 400, 'validation_error', 'a path below the directory'],
      [await packed([first(renamed('/etc/passwd'))]), 400, 'validation_error', 'a path below the directory'],
      [
        await packed([{ name: 'manifest.json', content: Buffer.alloc(2_000_000, ' ') }]),
        400,
        'validation_error',
        'over',
      ],
      [await packed([{ name: 'manifest.json', content: Buffer.from('{') }]), 400, 'malformed_body', 'not JSON'],
    ];
    for (const [archive, status, type, message] of refusals) {
      expect(await send(archive)).toMatchObject({ status, body: error(type, message) });
    }
    expect(await send(Buffer.from('{}'), { type: 'application/json' })).toMatchObject({ status: 415 });
    expect(await send(good, { to: 'books/snapshots' })).toMatchObject({ status: 415 });
    expect(await send(good, { to: 'books/snapshots/upload?quick=1' })).toMatchObject({ status: 400 });
    expect(await listed()).toEqual([]);
    expect([...(await store.stored())]).toEqual([]);
    expect(await store.unfinished()).toEqual([]);
  });

  it('is shown while it arrives, and forgotten when its client is gone', async () => {
    const archive = await packed(whole());
    const { promise: gone, reject: leave } = Promise.withResolvers<never>();
    const body = Readable.from(
      (async function* () {
        yield archive.subarray(0, 2_500_000);
        await gone;
      })(),
    );
    const sending = send(body).catch((cause: unknown) => cause);
    const running = { collection: 'books', state: 'running', progress: { shards_stored: 0, shards: 2 } };
    await until(async () => (await listed()).length === 1, { what: 'the upload' });
    expect(await listed()).toMatchObject([running]);
    leave(new Error('the client is gone'));
    await sending;
    await until(async () => (await listed()).length === 0, { what: 'it being forgotten' });
    await until(async () => (await store.unfinished()).length === 0, { what: 'its parts' });
  });

  it('is answered 408 when its client falls silent in the middle of it, and leaves nothing (regression)', async () => {
    await using patient = await startGateway({ beside: gateway.nats, uploadSilenceMsMax: 200 });
    const { port } = await patient.app.listen();
    const archive = await packed(whole());
    const socket = connect(port, '127.0.0.1');
    const head = [
      'POST /api/v1/collections/books/snapshots/upload HTTP/1.1',
      'host: 127.0.0.1',
      'content-type: application/x-tar',
    ];
    socket.write(`${[...head, `content-length: ${archive.length}`].join('\r\n')}\r\n\r\n`);
    socket.write(archive.subarray(0, 2_500_000));
    // To its end: the connection is closed.
    const heard = (await socket.setEncoding('utf8').toArray()).join('');
    expect(heard).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(heard).toMatch(/connection: close\r\n/i);
    const told: unknown = JSON.parse(heard.slice(heard.indexOf('\r\n\r\n')));
    expect(told).toMatchObject(error('request_timeout', 'nothing more of the body came in 0.2 s'));
    await until(async () => (await listed()).length === 0, { what: 'it being forgotten' });
    await until(async () => (await store.unfinished()).length === 0, { what: 'its parts' });
  });

  it('gives nobody more than their key does', async () => {
    await gateway.catalog.create(NewCollection.parse({ name: 'secret', dimension: 2 }), () => [
      [NodeId.parse('node-a')],
    ]);
    const secret = (await gateway.catalog.find('secret'))?.uid;
    const make = async (given: object, by?: string): Promise<string> => {
      const headers = by === undefined ? {} : { 'x-api-key': by };
      const made = await gateway.app.inject({ method: 'POST', url: '/api/v1/auth/keys', headers, payload: given });
      return made.json<{ key: string }>().key;
    };
    const admin = await make({ name: 'root', roles: ['admin'] });
    const key = await make({ name: 'scoped', roles: ['admin'], collections: ['books'] }, admin);
    const archive = await packed(whole());
    expect(await send(archive, { key })).toMatchObject({ status: 403, body: error('authorization_error', 'library') });
    expect(await send(archive, { key, to: 'films/snapshots/upload' })).toMatchObject({ status: 403 });
    const [, ...rest] = whole();
    const taken = await send(await packed([first({ aliases: [], uid: secret }), ...rest]), { key });
    expect(taken).toMatchObject({ status: 201 });
    // Or a restore beyond it would read the log of a collection that is not theirs.
    expect(taken.body['uid']).not.toBe(secret);
    expect(await listed(key)).toHaveLength(1);
  });
});
