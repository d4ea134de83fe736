import { glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { events } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { logServerOf } from '../system/log-server.ts';
import { settled, startSystem, type System } from '../system/system.ts';

/** What each replica says of its store, in it; a number of one digit, so that another takes its place. */
const FORMAT = /\{"format":\d,/g;

async function storesOf(system: System): Promise<string[]> {
  return (await Array.fromAsync(glob('index-*/replicas/*/points.mdb', { cwd: system.data }))).map((file) =>
    join(system.data, file),
  );
}

/** Rewrites what the stores of a stopped instance say. */
async function declareFormat(system: System, format: number): Promise<void> {
  const stores = await storesOf(system);
  expect(stores.length).toBe(2);
  for (const file of stores) {
    const bytes = await readFile(file, 'latin1');
    expect(bytes).toMatch(FORMAT);
    await writeFile(file, bytes.replaceAll(FORMAT, `{"format":${format},`), 'latin1');
  }
}

/** Their stream, as it was before a subject could end in the id of a key. */
async function asEventsWere(system: System): Promise<void> {
  await using nats = await logServerOf(system);
  const info = (await nats.ask(`$JS.API.STREAM.INFO.${events.stream}`)) as { config: { subjects: string[] } };
  const subjects = info.config.subjects.filter((subject) => subject.split('.').length === 4);
  const changed = await nats.ask(`$JS.API.STREAM.UPDATE.${events.stream}`, { ...info.config, subjects });
  expect(changed).toMatchObject({ config: { subjects } });
}

describe('a data directory of another release', () => {
  let system: System;
  const hashes = async (): Promise<unknown> => {
    const { shards } = await settled(system.client, 'books');
    return shards.flatMap(({ replicas }) =>
      replicas.map(({ state_hash, applied_sequence }) => [state_hash, applied_sequence]),
    );
  };
  const replicas = async (): Promise<{ status: string; reason?: string }[]> => {
    const answer = await fetch(`${system.url}/api/v1/replication/replicas`);
    return ((await answer.json()) as { replicas: { status: string; reason?: string }[] }).replicas;
  };

  beforeAll(async () => {
    system = await startSystem();
    await system.client.createCollection({ name: 'books', dimension: 2, metric: 'dot', shards: 2 });
    await system.client.upsert(
      'books',
      Array.from({ length: 50 }, (_, i) => ({ id: `b${i}`, vector: [i, 1] })),
    );
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('that is older is opened, is the same to the bit, and is written to in the format of today', async () => {
    const before = await hashes();
    await asEventsWere(system);
    await system.down();
    await declareFormat(system, 2);
    await system.up();
    expect(await hashes()).toEqual(before);
    await system.client.upsert(
      'books',
      Array.from({ length: 50 }, (_, i) => ({ id: `b${i}`, vector: [i, 2] })),
    );
    await system.down();
    for (const file of await storesOf(system)) expect(await readFile(file, 'latin1')).toContain('{"format":3,');
  });

  it('that is newer is left as it is, and goes on where it was once its release is back', async () => {
    await declareFormat(system, 9);
    await system.up();
    await until(async () => (await replicas()).every(({ reason }) => reason !== undefined), {
      what: 'every replica saying why it is stopped',
    });
    for (const { reason } of await replicas()) expect(reason).toContain('not readable by this version');
    await system.down();
    await declareFormat(system, 3);
    await system.up();
    await settled(system.client, 'books');
    expect(await system.client.count('books', { consistency: 'strong' })).toMatchObject({ count: 50 });
    const { hits } = await system.client.search('books', { vector: [1, 0], k: 1 });
    expect(hits[0]).toMatchObject({ id: 'b49', score: 49 });
  });
});
