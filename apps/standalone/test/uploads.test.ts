import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { Cluster } from './cluster.ts';

const C = '/api/v1/collections';
type Job = { readonly state: string };
type Snapshot = Job & { readonly id: string; readonly restore?: Job & { readonly verified?: boolean } };
type Described = {
  readonly points: number;
  readonly config: object;
  readonly payload_indexes: object;
  readonly shards: readonly {
    readonly replicas: readonly { applied_sequence: number; state_hash: string; chain: string }[];
  }[];
};

/** Two clusters that know nothing of each other. */
let here: Cluster;
let there: Cluster;
let url = '';

beforeAll(async () => {
  [here, there] = await Promise.all([Cluster.start(), Cluster.start()]);
  await Promise.all([here.addNode(), there.addNode()]);
  ({ url } = await there.app.listen());
  await here.send('POST', C, {
    name: 'books',
    dimension: 4,
    shards: 2,
    payload_indexes: [{ key: 'id', type: 'keyword' }],
  });
  await here.send('PUT', '/api/v1/aliases/library', { collection: 'books' });
  await here.write('books', 60, { wait: 'applied' });
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  await there[Symbol.asyncDispose]();
});

async function ended(cluster: Cluster, id: string, job: (snapshot: Snapshot) => Job | undefined): Promise<Snapshot> {
  const look = async (): Promise<Snapshot> => cluster.get(`${C}/books/snapshots/${id}`);
  await until(async () => job(await look())?.state !== 'running', { what: `the work on ${id}` });
  return look();
}

async function archived(): Promise<Buffer> {
  const { body } = await here.send('POST', `${C}/books/snapshots`);
  const { id } = await ended(here, (body as Snapshot).id, (snapshot) => snapshot);
  return (await here.app.inject(`${C}/books/snapshots/${id}/download`)).rawPayload;
}

async function stateOf(cluster: Cluster): Promise<object> {
  const { points, config, payload_indexes, shards } = await cluster.get<Described>(`${C}/library`);
  const replicas = shards.map(({ replicas: [replica] }) => [
    replica?.applied_sequence,
    replica?.state_hash,
    replica?.chain,
  ]);
  return { points, config, payload_indexes, replicas };
}

async function found(cluster: Cluster): Promise<unknown> {
  const { body } = await cluster.send('POST', `${C}/books/search`, { vector: [1, 5, 2, 1], k: 20, with_vector: true });
  return (body as { hits: unknown }).hits;
}

async function upload(archive: Buffer): Promise<{ status: number; body: Snapshot & { error: { type: string } } }> {
  const headers = { 'content-type': 'application/x-tar' };
  const sent = { method: 'POST', headers, body: new Uint8Array(archive) };
  const answer = await fetch(`${url}${C}/books/snapshots/upload`, sent);
  return { status: answer.status, body: (await answer.json()) as never };
}

describe('a snapshot that was downloaded', () => {
  it('is uploaded into a cluster that never had its collection, and restored to the same state and answers', async () => {
    const { status, body } = await upload(await archived());
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { state: 'complete', points: 60, aliases: ['library'] },
    });
    const beyond = await there.send('POST', `${C}/books/snapshots/${body.id}/restore`, { sequences: [99, 99] });
    expect(beyond).toMatchObject({ code: 400, body: { error: { message: expect.stringContaining('the log went') } } });
    expect(await there.send('POST', `${C}/books/snapshots/${body.id}/restore`, {})).toMatchObject({ code: 202 });
    const { restore } = await ended(there, body.id, (snapshot) => snapshot.restore);
    expect(restore).toMatchObject({ state: 'complete', verified: true, points: 60, aliases_left: [] });
    expect(await stateOf(there)).toEqual(await stateOf(here));
    const hits = await found(there);
    expect(hits).toHaveLength(20);
    expect(hits).toEqual(await found(here));
    await there.write('books', 3, { wait: 'applied' });
    expect(await there.get(`${C}/library`)).toMatchObject({ points: 60 });
  });

  it('is refused when it was changed, and when its transfer was cut', async () => {
    const archive = await archived();
    const before = await there.get<{ snapshots: unknown[] }>(`${C}/books/snapshots`);
    const changed = Buffer.from(archive);
    const at = archive.indexOf('0/points.mdb') + 5_000;
    changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
    expect(await upload(changed)).toMatchObject({ status: 400, body: { error: { type: 'validation_error' } } });
    expect(await upload(archive.subarray(0, -20_000))).toMatchObject({ body: { error: { type: 'malformed_body' } } });
    const headers = { 'content-type': 'application/x-tar', 'content-length': archive.length };
    const cut = request(`${url}${C}/books/snapshots/upload`, { method: 'POST', headers });
    cut.write(archive.subarray(0, -20_000));
    const listed = async (): Promise<number> =>
      (await there.get<{ snapshots: unknown[] }>(`${C}/books/snapshots`)).snapshots.length;
    await until(async () => (await listed()) > before.snapshots.length, { what: 'the upload' });
    cut.once('error', () => undefined).destroy();
    await until(async () => (await listed()) === before.snapshots.length, { what: 'its end' });
  });
});
