import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { ask, ended, restore, takeSnapshot } from '../system/snapshots.ts';
import { settled, startSystem, type System } from '../system/system.ts';

const DIMENSION = 16;
type Manifest = { shards: { shard: number; files: { path: string; bytes: number; sha256: string }[] }[] };

let system: System;
let random = seededRandom(1);

beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => system[Symbol.asyncDispose]());
beforeEach(async () => {
  random = seededRandom(20_261_126);
  for (const { name } of await system.client.listCollections()) {
    for (const { id } of (await ask(system, `GET ${name}/snapshots`)).body.snapshots)
      await ask(system, `DELETE ${name}/snapshots/${id}`);
    await system.client.deleteCollection(name);
  }
  await system.client.createCollection({
    name: 'books',
    dimension: DIMENSION,
    metric: 'dot',
    shards: 2,
    hnsw: { m: 8, ef_construction: 80 },
    payload_indexes: [{ key: 'n', type: 'integer' }],
  });
});

/** Writes points with consecutive numbers, a hundred per entry. */
async function fill(first: number, last: number): Promise<void> {
  for (let n = first; n < last; n += 100) {
    const points = Array.from({ length: Math.min(100, last - n) }, (_, i) => ({
      id: `p${n + i}`,
      vector: random.vector(DIMENSION),
      payload: { n: n + i },
    }));
    await system.client.upsert('books', points);
  }
}

type State = { points: number; config: object; payload_indexes: object; hashes: unknown[] };

async function stateOf(name: string): Promise<State> {
  const { points, config, payload_indexes, shards } = await settled(system.client, name);
  const hashes = shards.map(({ replicas }) =>
    replicas.map(({ applied_sequence, state_hash, chain }) => ({
      applied_sequence,
      state_hash,
      chain,
    })),
  );
  return { points, config, payload_indexes, hashes };
}

async function sequences(name = 'books'): Promise<number[]> {
  const { shards } = await settled(system.client, name);
  return shards.map(({ replicas }) => replicas[0]?.applied_sequence ?? 0);
}

describe('a snapshot of a collection', () => {
  it('is taken in the background, listed, got, and removed', async () => {
    await fill(0, 500);
    const begun = await ask(system, 'POST books/snapshots');
    expect(begun).toMatchObject({
      status: 202,
      body: { state: 'running', collection: 'books', progress: { shards: 2 } },
    });
    const second = await takeSnapshot(system, 'books');
    expect(second).toMatchObject({
      state: 'complete',
      points: 500,
      progress: { shards_stored: 2, shards: 2, moved_bytes: 0 },
    });
    expect(second.bytes).toBeGreaterThan(500 * DIMENSION * 4);
    expect(second.shards.map((shard) => shard?.sequence)).toEqual(await sequences());
    const { snapshots } = (await ask(system, 'GET books/snapshots')).body;
    expect(snapshots.map(({ id }) => id)).toEqual([second.id, begun.body.id]);
    await ended(system, `books/snapshots/${begun.body.id}`, (snapshot) => snapshot);
    expect(await ask(system, `DELETE books/snapshots/${second.id}`)).toMatchObject({
      status: 200,
      body: { id: second.id, status: 'deleted' },
    });
    expect((await ask(system, `GET books/snapshots/${second.id}`)).status).toBe(404);
    expect((await ask(system, `GET books/snapshots/${begun.body.id}`)).status).toBe(200);
  });

  it('is downloaded as a tar archive whose files are what its manifest says', async () => {
    await fill(0, 300);
    await using directory = await temporaryDirectory();
    const { id, bytes } = await takeSnapshot(system, 'books');
    const answer = await fetch(`${system.url}/api/v1/collections/books/snapshots/${id}/download`);
    expect(answer.headers.get('content-type')).toBe('application/x-tar');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="books-${id}.tar"`);
    const archive = join(directory.path, 'books.tar');
    const content = join(directory.path, 'content');
    await writeFile(archive, Buffer.from(await answer.arrayBuffer()));
    await mkdir(content);
    await promisify(execFile)('tar', ['-xf', archive, '-C', content]);
    const { shards } = JSON.parse(await readFile(join(content, 'manifest.json'), 'utf8')) as Manifest;
    let total = 0;
    for (const { shard, files } of shards) {
      for (const { path, sha256 } of files) {
        const file = await readFile(join(content, String(shard), path));
        expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
        total += file.length;
      }
    }
    expect(shards).toHaveLength(2);
    expect(total).toBe(bytes);
  });

  it('is kept when its collection is dropped, and makes it again', async () => {
    await fill(0, 300);
    const before = await stateOf('books');
    const { id } = await takeSnapshot(system, 'books');
    await system.client.deleteCollection('books');
    expect(await restore(system, `books/snapshots/${id}`, {})).toMatchObject({ state: 'complete', points: 300 });
    expect(await stateOf('books')).toEqual(before);
    const beyond = await ask(system, `POST books/snapshots/${id}/restore`, { name: 'b', sequences: [99, 99] });
    expect(beyond).toMatchObject({ status: 400, body: { error: { type: 'validation_error' } } });
    expect(beyond.body.error.message).toContain('the log went with its collection');
  });
});

async function alias(name: string, collection?: string): Promise<unknown> {
  const body = collection === undefined ? {} : { method: 'PUT', body: JSON.stringify({ collection }) };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${system.url}/api/v1/aliases/${name}`, { ...body, headers });
  return ((await answer.json()) as { collection?: string }).collection;
}

describe('the aliases of a collection', () => {
  it('come back with it, but for those that are something else by now', async () => {
    await fill(0, 100);
    for (const name of ['kept', 'taken', 'named']) expect(await alias(name, 'books')).toBe('books');
    const { id, aliases } = await takeSnapshot(system, 'books');
    expect(aliases).toEqual(['kept', 'named', 'taken']);
    await system.client.deleteCollection('books');
    expect(await alias('kept')).toBeUndefined();
    await system.client.createCollection({ name: 'named', dimension: 2 });
    await alias('taken', 'named');
    expect(await restore(system, `books/snapshots/${id}`, { name: 'copy' })).toMatchObject({ aliases_left: [] });
    expect(await alias('kept')).toBeUndefined();
    const said = await restore(system, `books/snapshots/${id}`, {});
    expect(said).toMatchObject({ state: 'complete', aliases_left: ['named', 'taken'] });
    expect([await alias('kept'), await alias('taken')]).toEqual(['books', 'named']);
    expect(await system.client.count('kept')).toEqual({ count: 100 });
  });
});

describe('a restore', () => {
  it('makes another collection of the same configuration, points and state, which then goes its own way', async () => {
    await fill(0, 400);
    const snapshot = await takeSnapshot(system, 'books');
    expect(await restore(system, `books/snapshots/${snapshot.id}`, { name: 'copy' })).toMatchObject({
      state: 'complete',
      name: 'copy',
      points: 400,
    });
    const [original, copy] = [await stateOf('books'), await stateOf('copy')];
    expect(copy).toEqual(original);
    const [first] = (await system.client.getOne('books', 'p7')).vector ?? [];
    expect((await system.client.getOne('copy', 'p7')).vector?.[0]).toBe(first);
    await system.client.delete('copy', ['p7']);
    await system.client.upsert('copy', [{ id: 'new', vector: random.vector(DIMENSION), payload: { n: -1 } }]);
    expect(await system.client.count('copy')).toEqual({ count: 400 });
    expect(await system.client.count('books', { filter: { must: [{ key: 'n', range: { lt: 0 } }] } })).toEqual({
      count: 0,
    });
    const { hits, warnings } = await system.client.search('copy', {
      vector: random.vector(DIMENSION),
      filter: { must: [{ key: 'n', range: { lt: 0 } }] },
    });
    expect(hits.map(({ id }) => id)).toEqual(['new']);
    expect(warnings ?? []).toEqual([]);
  });

  it('takes the place of the collection, where it is told to', async () => {
    await fill(0, 200);
    const before = await stateOf('books');
    const { id } = await takeSnapshot(system, 'books');
    await system.client.deleteByFilter('books', { must: [{ key: 'n', range: { gte: 50 } }] });
    expect(await ask(system, `POST books/snapshots/${id}/restore`, {})).toMatchObject({
      status: 409,
      body: { error: { type: 'collection_already_exists' } },
    });
    const { uid, ...said } = await restore(system, `books/snapshots/${id}`, { replace: true });
    expect(said).toMatchObject({ state: 'complete', verified: true, replicas_compared: 2 });
    expect(await stateOf('books')).toEqual(before);
    expect((await system.client.getCollection('books')).uid).toBe(uid);
    expect(await system.client.count('books', { consistency: 'strong' })).toEqual({ count: 200 });
  });

  it('verifies what it made of a collection that is written to all the time', async () => {
    await fill(0, 200);
    const { id } = await takeSnapshot(system, 'books');
    const done = new AbortController();
    const write = async (): Promise<unknown> =>
      system.client.upsert('books', [{ id: 'busy', vector: random.vector(DIMENSION) }]);
    const writing = (async () => {
      while (!done.signal.aborted) await write();
    })();
    const said = await restore(system, `books/snapshots/${id}`, { replace: true });
    done.abort();
    await writing;
    expect(said).toMatchObject({ state: 'complete', verified: true, points: 200 });
    await system.client.delete('books', ['busy']);
    expect(await system.client.count('books', { consistency: 'strong' })).toEqual({ count: 200 });
  });

  it('goes on from the snapshot to a sequence, or to a moment, with the log', async () => {
    await fill(0, 200);
    const { id } = await takeSnapshot(system, 'books');
    await fill(200, 400);
    const wanted = await stateOf('books');
    const at = await sequences();
    const time = new Date().toISOString();
    // So that nothing is logged in the millisecond that is asked for.
    while (new Date().toISOString() === time) await system.client.count('books');
    await system.client.deleteByFilter('books', { must: [{ key: 'n', range: { gte: 0 } }] });
    expect(await system.client.count('books')).toEqual({ count: 0 });
    const path = `books/snapshots/${id}`;
    expect(await restore(system, path, { name: 'by_sequence', sequences: at })).toMatchObject({
      state: 'complete',
      points: 400,
    });
    expect(await restore(system, path, { name: 'by_time', time })).toMatchObject({
      state: 'complete',
      points: 400,
      sequences: at,
    });
    expect(await stateOf('by_sequence')).toEqual(wanted);
    expect(await stateOf('by_time')).toEqual(wanted);
    const { hits } = await system.client.search('by_time', { vector: random.vector(DIMENSION), k: 5 });
    expect(hits).toHaveLength(5);
    expect(await restore(system, path, { name: 'as_it_was' })).toMatchObject({ state: 'complete', points: 200 });
  });

  it('of a collection without points makes one without points, which can be written to', async () => {
    const { id, points } = await takeSnapshot(system, 'books');
    expect(points).toBe(0);
    await restore(system, `books/snapshots/${id}`, { replace: true });
    await fill(0, 100);
    expect(await system.client.count('books')).toEqual({ count: 100 });
  });
});

type Refusal = { readonly status: number; readonly type: string };
const NOT_FOUND = { status: 404, type: 'not_found' };
const INVALID = { status: 400, type: 'validation_error' };

/** Answers the message of a call that is refused. */
async function refused(call: string, { status, type }: Refusal, body?: unknown): Promise<string> {
  const answer = await ask(system, call, body);
  expect({ call, status: answer.status, type: answer.body.error.type }).toEqual({ call, status, type });
  expect(answer.body.error.correlation_id).toMatch(/./);
  return answer.body.error.message;
}

describe('what cannot be', () => {
  it('is refused with the one shape of errors before anything is done', async () => {
    await fill(0, 100);
    const early = new Date(Date.now() - 60_000).toISOString();
    const { id } = await takeSnapshot(system, 'books');
    const [a = 0, b = 0] = await sequences();
    const path = `books/snapshots/${id}`;
    const into = `POST ${path}/restore`;
    const bad = async (body: unknown): Promise<string> => refused(into, INVALID, body);
    await refused('POST none/snapshots', { status: 404, type: 'collection_not_found' });
    await refused('GET books/snapshots/0123456789abcdef', NOT_FOUND);
    await refused(`GET other/snapshots/${id}`, NOT_FOUND);
    await refused('DELETE books/snapshots/0123456789abcdef', NOT_FOUND);
    await refused('GET books/snapshots/0123456789abcdef/download', NOT_FOUND);
    await refused('POST books/snapshots/0123456789abcdef/restore', NOT_FOUND, { name: 'x' });
    await refused('GET books/snapshots/..%2F..%2Fetc', INVALID);
    await refused('GET bo%2Foks/snapshots', INVALID);
    await refused(`PUT ${path}`, { status: 405, type: 'method_not_allowed' }, {});
    await refused('POST books/snapshots', INVALID, { name: 'mine' });
    await refused(into, { status: 409, type: 'collection_already_exists' }, {});
    expect(await bad({ name: 'a/b' })).toContain('name');
    expect(await bad({ name: '../up' })).toContain('name');
    expect(await bad({ name: 'x', sequences: [a, b], time: new Date().toISOString() })).toContain(
      'at most one of them',
    );
    expect(await bad({ name: 'x', sequences: [a] })).toContain('expected 2, one for each shard');
    expect(await bad({ name: 'x', sequences: [a + 1, b] })).toContain(`the log ends at ${a}`);
    expect(await bad({ name: 'x', sequences: [a - 1, b] })).toContain(`the snapshot is of ${a}, after ${a - 1}`);
    expect(await bad({ name: 'x', sequences: ['a', b] })).toContain('sequences[0]');
    expect(await bad({ name: 'x', sequences: [-1, b] })).toContain('sequences[0]');
    expect(await bad({ name: 'x', time: early })).toContain('take an older one');
    expect(await bad({ name: 'x', time: 'yesterday' })).toContain('time');
    expect(await bad({ name: 'x', force: true })).toContain('unknown field');
    expect(await bad([])).toContain('body');
    expect((await system.client.listCollections()).map(({ name }) => name)).toEqual(['books']);
    expect((await ask(system, `GET ${path}`)).body.restore).toBeUndefined();
  });
});
