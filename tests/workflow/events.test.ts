import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CollectionUid, decodeEntry, events, subjects } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { runCommand } from '../system/command.ts';
import { eventSubject } from '../system/keys.ts';
import { logServerOf, type LogServer } from '../system/log-server.ts';
import { settled, startSystem, type System } from '../system/system.ts';

const EVENTS = 1_200;
const POINTS = 25;
/** MessagePack of `{ id: 'b', vector: [3, 4] }`. */
const PACKED = Buffer.from('82a26964a162a6766563746f72920304', 'hex');

describe('events of producers, on a cluster', () => {
  let system: System;
  let nats: LogServer;
  beforeAll(async () => {
    system = await startSystem({ nodes: 2 });
    nats = await logServerOf(system);
  });
  afterAll(async () => {
    await nats[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
  });

  /** Answers the sequence of the acknowledgement. */
  async function publish(subject: string, body: object): Promise<number> {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    return ((await nats.ask(eventSubject(system.url, subject), bytes)) as { seq: number }).seq;
  }
  async function read(id: string, token: string): Promise<unknown> {
    const headers = { 'x-vectorizer-token': token };
    return (await fetch(`${system.url}/api/v1/collections/books/vectors/${id}`, { headers })).json();
  }

  it('are written, and read with the token of their sequence', async () => {
    await system.client.createCollection({ name: 'books', dimension: 2, metric: 'dot', shards: 2 });
    await publish('books.upsert', { id: 'a', vector: [1, 2], payload: { n: 1 } });
    await publish('books.upsert', PACKED);
    const last = await publish('books.update', [
      { id: 'a', payload: { n: 2 } },
      { id: 'b', vector: [5, 6] },
    ]);
    const token = await system.client.events.token('books', last);
    expect(await read('a', token)).toMatchObject({ vector: [1, 2], payload: { n: 2 } });
    expect(await read('b', token)).toMatchObject({ vector: [5, 6], payload: null });
    await system.client.events.token('books', await publish('books.delete', { id: 'a' }));
    await expect(system.client.events.token('books', 1_000_000)).rejects.toMatchObject({
      type: 'event_not_found',
      status: 404,
    });
  });

  it('that are refused are dead letters, which the command line lists, shows, retries and drops', async () => {
    const letters = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await runCommand('events', 'dead-letters', ...args, '--data', system.data);
      expect([code, err]).toEqual([0, '']);
      return out;
    };
    const wrong = await publish('books.upsert', { id: 'a', vector: [1, 2, 3] });
    const early = await publish('later.upsert', { id: 'a', vector: [1] });
    await expect(system.client.events.token('books', wrong)).rejects.toMatchObject({
      type: 'event_refused',
      details: { error: { type: 'dimension_mismatch' } },
    });
    const all = async (): Promise<number[]> =>
      (await Array.fromAsync(system.client.events.deadLetters())).map(({ event }) => event.sequence);
    await until(async () => (await all()).length === 2);
    expect(await all()).toEqual([wrong, early]);
    const list = await letters('list');
    expect(list).toContain(`${eventSubject(system.url, 'books.upsert')}  dimension_mismatch`);
    const [first = 0, second = 0] = list
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[0]));
    expect(JSON.parse(await letters('show', String(second)))).toMatchObject({
      error: { type: 'collection_not_found' },
      event: { sequence: early, body: '{"id":"a","vector":[1]}' },
    });
    await system.client.createCollection({ name: 'later', dimension: 1, metric: 'dot' });
    const again = Number((await letters('retry', String(second))).trim().split(' ').at(-1));
    await system.client.events.token('later', again);
    await until(async () => (await system.client.count('later')).count === 1);
    await letters('drop', String(first));
    expect(await letters('list')).toBe('');
  });

  it('are written once and in order although both processes of ingest are killed again and again', async () => {
    const { uid } = await system.client.createCollection({ name: 'many', dimension: 1, metric: 'dot' });
    // Killed in a backlog, with some of it written and not acknowledged.
    const sent: Promise<number>[] = [];
    for (let i = 0; i < EVENTS; i++) sent.push(publish('many.upsert', { id: `id-${i % POINTS}`, vector: [i] }));
    const last = (await Promise.all(sent)).at(-1) ?? 0;
    for (const left of [1_000, 700, 400, 100]) {
      await until(async () => (await waiting()) <= left, { everyMs: 1, what: `${left} left` });
      await Promise.all(['ingest-1', 'ingest-2'].map(async (name) => system.kill(name)));
    }
    const done = async (): Promise<boolean> =>
      system.client.events.token('many', last).then(
        () => true,
        () => false,
      );
    await until(done, { everyMs: 250, what: 'the last event' });
    const { shards } = await settled(system.client, 'many');
    const replicas = shards.flatMap((shard) => shard.replicas);
    expect(new Set(replicas.map(({ state_hash }) => state_hash)).size).toBe(1);
    const { written, times } = await inLog(uid);
    expect(written).toEqual(Array.from({ length: EVENTS }, (_, i) => i));
    process.stdout.write(`${times - EVENTS} of ${EVENTS} events came into the log again\n`);
    const { points } = await system.client.get('many', { ids: Array.from({ length: POINTS }, (_, i) => `id-${i}`) });
    const found = points.map(({ id, version, vector }) => [id, version, vector?.[0]]);
    expect(found).toEqual(await expected(uid));
  });

  /** Events that are not acknowledged. */
  async function waiting(): Promise<number> {
    const info = await nats.ask(`$JS.API.STREAM.INFO.${events.stream}`);
    return (info as { state: { messages: number } }).state.messages;
  }

  type Change = { readonly sequence: number; readonly request: string; readonly id: string; readonly value: number };

  async function changes(uid: string): Promise<Change[]> {
    const stream = subjects.stream(CollectionUid.parse(uid), 0);
    const { state } = (await nats.ask(`$JS.API.STREAM.INFO.${stream}`)) as { state: { last_seq: number } };
    const all: Change[] = [];
    for (let sequence = 1; sequence <= state.last_seq; sequence++) {
      const { message } = (await nats.ask(`$JS.API.STREAM.MSG.GET.${stream}`, { seq: sequence })) as {
        message: { data: string };
      };
      for (const { id: request, ops } of decodeEntry(Buffer.from(message.data, 'base64')).requests) {
        for (const op of ops) {
          if (op.kind === 'upsert') all.push({ sequence, request, id: op.id, value: op.vector[0] ?? -1 });
        }
      }
    }
    return all;
  }
  /** Of each request the first time that it is in the log, which is the one that counts. */
  async function firsts(uid: string): Promise<Change[]> {
    return [...new Map((await changes(uid)).toReversed().map((change) => [change.request, change])).values()];
  }
  async function inLog(uid: string): Promise<{ written: number[]; times: number }> {
    const written = (await firsts(uid)).map(({ value }) => value).toSorted((a, b) => a - b);
    return { written, times: (await changes(uid)).length };
  }
  /** The points as they are when each event was applied once, in its order: its last one decides value and version. */
  async function expected(uid: string): Promise<unknown[]> {
    const all = await firsts(uid);
    return Array.from({ length: POINTS }, (_, i) => {
      const ofPoint = all.filter(({ id }) => id === `id-${i}`).toSorted((a, b) => b.value - a.value);
      return [`id-${i}`, ofPoint[0]?.sequence, ofPoint[0]?.value];
    });
  }
});
