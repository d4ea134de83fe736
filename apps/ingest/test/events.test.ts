import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuditLog,
  Catalog,
  connectNats,
  DeadLetters,
  EventQueue,
  Leases,
  LocalBus,
  type NumberedLetter,
} from '@vectorizer/cluster';
import {
  decodeEntry,
  NewCollection,
  NodeId,
  shardOutcomes,
  type CollectionRecord,
  type Operation,
  type Outcome,
} from '@vectorizer/contracts';
import { Access } from '@vectorizer/frame';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import { EventConsumer, Ingest } from '../src/index.ts';

const logger = createLogger({ service: 'ingest', level: 'silent' });
const node = NodeId.parse('node-a');
/** MessagePack of `[{ id: 'b', vector: [3, 4] }, { id: 'a', vector: [5, 6] }]`, and of `{ id: 'a', payload: { n: 2 } }`. */
const PACKED_POINTS = Buffer.from('9282a26964a162a6766563746f7292030482a26964a161a6766563746f72920506', 'hex');
const PACKED_UPDATE = Buffer.from('82a26964a161a77061796c6f616481a16e02', 'hex');

describe('the consumer of events', () => {
  let nats: NatsServer;
  let connection: Awaited<ReturnType<typeof connectNats>>;
  let [catalog, log, queue, letters, leases]: [
    Catalog | undefined,
    Log | undefined,
    EventQueue | undefined,
    DeadLetters | undefined,
    Leases | undefined,
  ] = [undefined, undefined, undefined, undefined, undefined];
  let [access, audit]: [Access | undefined, AuditLog | undefined] = [undefined, undefined];
  let books: CollectionRecord;
  let outcome: Outcome;
  const consumers: EventConsumer[] = [];

  beforeEach(async () => {
    nats = await startNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
    const parts = { connection, replicas: 1, logger };
    catalog = await Catalog.open(parts);
    log = await Log.open(parts);
    queue = await EventQueue.open(parts);
    letters = await DeadLetters.open(parts);
    leases = await Leases.open(parts);
    access = await Access.open({ ...parts, catalog, host: '127.0.0.1' });
    audit = await AuditLog.open(parts);
    books = await catalog.create(NewCollection.parse({ name: 'books', dimension: 2, metric: 'dot' }), () => [[node]]);
    await log.ensureStreams(books.uid, 1);
    outcome = { status: 'updated', version: 1 };
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map(async (each) => each.close()));
    await access?.close();
    catalog?.close();
    await connection.close();
    await nats[Symbol.asyncDispose]();
  });

  function consume(): void {
    if (!catalog || !log || !queue || !letters || !leases || !access || !audit)
      throw new Error('they are opened before each test');
    const bus = new LocalBus();
    bus.serve(
      shardOutcomes,
      async ({ sequence, request_ids }) =>
        Promise.resolve({
          requests: request_ids.map((request_id) => ({ request_id, sequence, replayed: false, outcomes: [outcome] })),
        }),
      node,
    );
    const ingest = new Ingest({ bus, catalog, log, logger });
    const parts = { ingest, catalog, deadLetters: letters, eventQueue: queue, leases, access, audit, logger };
    consumers.push(new EventConsumer({ ...parts, knowsProducers: true }));
  }
  async function publish(kind: string, body: unknown, headers: Record<string, string> = {}): Promise<number> {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const subject = kind.includes('.') ? kind : `vectorizer.events.books.${kind}`;
    return queue?.publish({ subject, headers, body: bytes }) ?? 0;
  }
  async function logged(): Promise<{ id: string; ops: Operation[] }[]> {
    const { lastSequence = 0 } = (await log?.state(books.uid, 0)) ?? {};
    const entries = await Promise.all(
      Array.from({ length: lastSequence }, async (_, i) => log?.entryAt(books.uid, 0, i + 1)),
    );
    return entries.flatMap((entry) => decodeEntry(entry?.bytes ?? new Uint8Array()).requests);
  }
  const done = async (sequence: number): Promise<void> =>
    until(async () => (await queue?.stateOf(sequence)) === 'done', { what: `event ${sequence}` });
  const refusals = async (): Promise<NumberedLetter[]> => (await letters?.list(0, 100)) ?? [];

  it('writes JSON and MessagePack, one point or several, in their order', async () => {
    await publish('upsert', { id: 'a', vector: [1, 2], payload: { n: 1 } });
    await publish('upsert', PACKED_POINTS);
    await publish('update', PACKED_UPDATE, { 'Content-Type': 'application/msgpack' });
    const last = await publish('delete', [{ id: 'b' }], { 'content-type': 'application/json' });
    consume();
    await done(last);
    const ops = (await logged()).flatMap((request) => request.ops);
    expect(ops).toMatchObject([
      { kind: 'upsert', id: 'a', payload: '{"n":1}' },
      { kind: 'upsert', id: 'b' },
      { kind: 'upsert', id: 'a' },
      { kind: 'update', id: 'a', payload: '{"n":2}' },
      { kind: 'delete', id: 'b' },
    ]);
    expect(await refusals()).toEqual([]);
  });

  it('keeps the order of each point, with two consumers and a server that stands still in between', async () => {
    consume();
    consume();
    const sent: number[] = [];
    for (let i = 0; i < 600; i++) {
      sent.push(await publish('upsert', { id: `id-${i % 7}`, vector: [i, 0] }));
      if (i === 300) {
        nats.pause();
        setTimeout(() => nats.resume(), 500);
      }
    }
    await done(sent.at(-1) ?? 0);
    const first = new Map<string, number[]>();
    const seen = new Set<string>();
    for (const { id: request, ops } of await logged()) {
      // The replicas know a request that comes again.
      if (seen.has(request)) continue;
      seen.add(request);
      for (const op of ops) {
        if (op.kind === 'upsert') first.set(op.id, [...(first.get(op.id) ?? []), op.vector[0] ?? -1]);
      }
    }
    expect([...first.values()].flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, i) => i));
    for (const order of first.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('puts aside what is at fault, with the reason, and goes on', async () => {
    consume();
    const wrong = [
      await publish('upsert', Buffer.from('{"id":')),
      await publish('upsert', { id: 'a', vector: [1, 2, 3] }),
      await publish('upsert', { id: 'a', vectors: [1, 2] }),
      await publish('vectorizer.events.nowhere.delete', { id: 'a' }),
      await publish('upsert', { id: 'a', vector: [1, 2] }, { 'Content-Type': 'text/plain' }),
      await publish('delete', [{ id: 'a' }, { id: '' }], { 'X-Correlation-ID': 'mine' }),
    ];
    const good = await publish('upsert', { id: 'b', vector: [1, 2] });
    await done(good);
    const found = await refusals();
    expect(found.map(({ event }) => event.sequence)).toEqual(wrong);
    expect(found.map(({ error }) => error.type)).toEqual([
      'malformed_body',
      'dimension_mismatch',
      'validation_error',
      'collection_not_found',
      'unsupported_media_type',
      'validation_error',
    ]);
    expect(found.at(-1)).toMatchObject({
      event: { subject: 'vectorizer.events.books.delete', headers: { 'X-Correlation-ID': 'mine' } },
      error: { details: { field: '[1].id' } },
    });
    expect((await logged()).flatMap(({ ops }) => ops)).toHaveLength(1);
  });

  it('puts aside what is refused by what is there, but no deletion of what is not', async () => {
    consume();
    outcome = { status: 'version_conflict', version: 7 };
    const conflict = await publish('upsert', { id: 'a', vector: [1, 2], if_version: 3 });
    await done(conflict);
    outcome = { status: 'not_found' };
    const absent = await publish('delete', { id: 'a', if_version: 3 });
    await done(absent);
    expect(await refusals()).toMatchObject([{ event: { sequence: conflict }, error: { type: 'version_conflict' } }]);
  });

  it('waits for a collection that is made a moment later', async () => {
    consume();
    const name = randomUUID();
    const early = await publish(`vectorizer.events.${name}.upsert`, { id: 'a', vector: [1, 2] });
    const late = await catalog?.create(NewCollection.parse({ name, dimension: 2 }), () => [[node]]);
    await log?.ensureStreams(late?.uid ?? books.uid, 1);
    await done(early);
    expect(await refusals()).toEqual([]);
  });

  it('writes an event under the key of its producer, or under its message id', async () => {
    const keyed = await publish('delete', { id: 'a' }, { 'Idempotency-Key': 'a-key' });
    const named = await publish('delete', { id: 'a' }, { 'Nats-Msg-Id': 'a-name' });
    expect(await publish('delete', { id: 'a' }, { 'Nats-Msg-Id': 'a-name' })).toBe(named);
    consume();
    await done(keyed);
    await done(named);
    const ids = (await logged()).map(({ id }) => id);
    expect(ids).toEqual(['a-key', expect.stringMatching(/^event-id-[\w-]{43}$/)]);
  });
});
