import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, connectNats, LocalBus } from '@vectorizer/cluster';
import {
  decodeEntry,
  NewCollection,
  NodeId,
  PointId,
  shardOf,
  shardOutcomes,
  type CollectionRecord,
  type Operation,
  type Outcome,
  type Wait,
  type WriteAnswer,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, type NatsServer } from '@vectorizer/testing';
import { Ingest } from '../src/index.ts';

const [first, second] = [NodeId.parse('node-a'), NodeId.parse('node-b')];
const nodes = [first, second];
const SHARDS = 3;
const upsert = (id: string): Operation => ({
  kind: 'upsert',
  id: PointId.parse(id),
  vector: new Float32Array([1, 2]),
});

describe('ingest', () => {
  let nats: NatsServer;
  let connection: Awaited<ReturnType<typeof connectNats>>;
  let catalog: Catalog;
  let log: Log;
  let bus: LocalBus;
  let ingest: Ingest;
  let books: CollectionRecord;
  const logger = createLogger({ service: 'ingest', level: 'silent' });

  beforeAll(async () => {
    nats = await startNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
    catalog = await Catalog.open({ connection, replicas: 1, logger });
    log = await Log.open({ connection, replicas: 1 });
  });
  afterAll(async () => {
    catalog.close();
    await connection.close();
    await nats[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    bus = new LocalBus();
    ingest = new Ingest({ bus, catalog, log, logger });
    const collection = NewCollection.parse({ name: randomUUID(), dimension: 2, shards: SHARDS, replication_factor: 2 });
    books = await catalog.create(collection, () => Array.from({ length: SHARDS }, () => nodes));
    await log.ensureStreams(books.uid, SHARDS);
  });

  async function write(ops: Operation[], wait: Wait, timeoutMs = 5_000): Promise<WriteAnswer> {
    const context = { correlationId: 'test', deadline: Date.now() + timeoutMs };
    return ingest.write({ uid: books.uid, request_id: randomUUID(), ops, wait }, context);
  }
  /** A node that has applied everything, and says of each operation of the shard what `outcomesFor` does. */
  function serveNode(node: NodeId, outcomesFor: (shard: number) => Outcome[] | Failure): void {
    bus.serve(
      shardOutcomes,
      async ({ shard, sequence, request_ids }) => {
        const outcomes = outcomesFor(shard);
        if (outcomes instanceof Failure) throw outcomes;
        const requests = request_ids.map((request_id) => ({ request_id, sequence, replayed: false, outcomes }));
        return Promise.resolve({ requests });
      },
      node,
    );
  }

  it('logs each operation on the shard of its id, in the order of the request', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `id-${i}`);
    const { sequences, outcomes } = await write(ids.map(upsert), 'logged');
    expect(outcomes).toBeUndefined();
    expect(sequences).toEqual([1, 1, 1]);
    for (let shard = 0; shard < SHARDS; shard++) {
      const entry = await log.entryAt(books.uid, shard, 1);
      const logged = decodeEntry(entry?.bytes ?? new Uint8Array()).requests.flatMap(({ ops }) => ops);
      expect(logged.map((op) => ('id' in op ? op.id : ''))).toEqual(ids.filter((id) => shardOf(id, SHARDS) === shard));
    }
  });

  it('answers outcomes in the order of the request, whatever shard decided them', async () => {
    for (const node of nodes) serveNode(node, (shard) => [{ status: 'created', version: shard }]);
    const ids = Array.from({ length: SHARDS }, (_, shard) => {
      for (let i = 0; ; i++) if (shardOf(`id-${i}`, SHARDS) === shard) return `id-${i}`;
    }).toReversed();
    const { outcomes } = await write(ids.map(upsert), 'applied');
    expect(outcomes?.map(({ version }) => version)).toEqual([2, 1, 0]);
  });

  it('sends a delete by filter to every shard and adds up what they deleted', async () => {
    for (const node of nodes) serveNode(node, (shard) => [{ status: 'deleted', count: shard + 1 }]);
    const { sequences, outcomes } = await write([{ kind: 'delete_by_filter', filter: {} }], 'applied');
    expect(sequences).toEqual([1, 1, 1]);
    expect(outcomes).toEqual([{ status: 'deleted', count: 6 }]);
  });

  it('waits for one replica with applied, and for all with replicated', async () => {
    serveNode(first, () => [{ status: 'created', version: 1 }]);
    serveNode(second, () => new Failure('replica_behind', 'not yet'));
    expect((await write([upsert('a')], 'applied')).outcomes).toEqual([{ status: 'created', version: 1 }]);
    const failure = await write([upsert('a')], 'replicated', 300).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'deadline_exceeded',
      details: { logged: true, sequences: expect.any(Array) },
    });
  });

  it('waits for the replica that takes the place of one that is lost', async () => {
    const third = NodeId.parse('node-c');
    serveNode(first, () => [{ status: 'created', version: 1 }]);
    serveNode(third, () => [{ status: 'created', version: 1 }]);
    const asked = Promise.withResolvers<undefined>();
    serveNode(second, () => {
      asked.resolve(undefined);
      return new Failure('index_unavailable', 'it is gone');
    });
    const written = write([upsert('a')], 'replicated');
    await asked.promise;
    await catalog.update(books.name, (record) => ({
      ...record,
      placement: record.placement.map(() => [first, third]),
    }));
    expect((await written).outcomes).toEqual([{ status: 'created', version: 1 }]);
  });

  it('waits for a replica that is not there yet, and says that the write is logged when it does not come', async () => {
    const late = write([upsert('a')], 'applied');
    serveNode(second, () => [{ status: 'updated', version: 9 }]);
    expect((await late).outcomes).toEqual([{ status: 'updated', version: 9 }]);
    bus = new LocalBus();
    ingest = new Ingest({ bus, catalog, log, logger });
    const failure = await write([upsert('b')], 'applied', 200).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'deadline_exceeded', details: { logged: true } });
  });

  it('regression: says that it does not know when one part was withdrawn and another is in flight', async () => {
    const [one, other] = [0, 1].map((shard) => {
      for (let i = 0; ; i++) if (shardOf(`id-${i}`, SHARDS) === shard) return `id-${i}`;
    });
    nats.pause();
    try {
      const ahead = write([upsert(one ?? '')], 'logged', 400).catch((error: unknown) => error);
      const both = write([upsert(one ?? ''), upsert(other ?? '')], 'logged', 300).catch((error: unknown) => error);
      expect(await both).toMatchObject({ type: 'deadline_exceeded', details: { logged: 'unknown' } });
      await ahead;
    } finally {
      nats.resume();
    }
  });

  it('refuses a write to a dropped collection', async () => {
    await catalog.drop(books.name);
    await log.dropStreams(books.uid);
    await expect(write([upsert('a')], 'logged')).rejects.toMatchObject({ type: 'collection_not_found' });
  });
});
