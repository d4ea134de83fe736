import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, type Operation, type PayloadIndex, type SearchSpec } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, until, type SeededRandom } from '@vectorizer/testing';
import { PayloadIndexes } from '../payload-index/payload-indexes.ts';
import { KEYS, randomFilter, randomPayload } from '../payload-index/random-filter.ts';
import { RowCodes } from '../payload-index/row-codes.ts';
import { POINTS_FILE } from '../snapshot/write-snapshot.ts';
import { ShardState } from '../state/shard-state.ts';
import { NoIndex } from '../vector/no-index.ts';
import { Gate } from './gate.ts';
import { HeldStates } from './held-states.ts';
import { search } from './search.ts';
import { Shard } from './shard.ts';

const hnsw = { m: 8, ef_construction: 80, ef_search: 64 };
const DIMENSION = 8;
const INDEXES: PayloadIndex[] = [
  { key: 'word', type: 'keyword' },
  { key: 'n', type: 'float' },
  { key: 'at', type: 'datetime' },
  { key: 'place', type: 'geo' },
  { key: 'list.n', type: 'integer' },
];

/** Two shards that apply one log; the first has payload indexes. */
async function startPair(
  metric: 'cosine' | 'dot' | 'euclidean',
): Promise<
  AsyncDisposable & { indexed: Shard; plain: Shard; write(ops: Operation[]): Promise<void>; ready(): Promise<void> }
> {
  const root = await temporaryDirectory();
  const options = { kind: 'cpu', dimension: DIMENSION, metric, hnsw } as const;
  const indexed = await Shard.open({ ...options, directory: join(root.path, 'a'), payloadIndexes: INDEXES });
  const plain = await Shard.open({ ...options, directory: join(root.path, 'b') });
  indexed.startBackground();
  return {
    indexed,
    plain,
    async write(ops) {
      const sequence = indexed.position.sequence + 1;
      const bytes = encodeEntry({ at: 0, requests: [encodeRequest({ id: `r${sequence}`, ops }).request] });
      const outcomes = await Promise.all([indexed, plain].map((shard) => shard.apply({ sequence, bytes, at: 1 })));
      expect(outcomes[0]).toEqual(outcomes[1]);
    },
    ready: () => until(() => isReady(indexed), { what: 'the indexes being ready' }),
    async [Symbol.asyncDispose]() {
      await indexed.close();
      await plain.close();
      await root[Symbol.asyncDispose]();
    },
  };
}

function isReady(shard: Shard): boolean {
  return shard.report().payload_indexes?.every(({ state }) => state === 'ready') === true;
}

function randomOperation(random: SeededRandom, points: number): Operation {
  const id = `p${random.int(points)}`;
  const [vector, payload] = [random.vector(DIMENSION), randomPayload(random)];
  switch (random.int(5)) {
    case 0:
      return { kind: 'update', id, payload };
    case 1:
      return { kind: 'delete', id };
    case 2:
      return { kind: 'payload_delete_keys', id, keys: ['word', 'list'] };
    default:
      return { kind: 'upsert', id, vector, payload };
  }
}

const spec = (random: SeededRandom, more: Partial<SearchSpec>): SearchSpec => ({
  vector: random.vector(DIMENSION),
  k: 10,
  with_payload: true,
  with_vector: false,
  ...more,
});

describe('a shard with payload indexes', () => {
  it.each(['cosine', 'dot', 'euclidean'] as const)('answers filtered reads as one without them: %s', async (metric) => {
    await using pair = await startPair(metric);
    const random = seededRandom(metric.length);
    for (let round = 0; round < 4; round++) {
      for (let entry = 0; entry < 6; entry++)
        await pair.write(Array.from({ length: 60 }, () => randomOperation(random, 500)));
      await pair.ready();
      for (let i = 0; i < 20; i++) {
        const filter = randomFilter(random);
        const asked = spec(random, { filter, exact: true, ...(i % 3 === 0 ? { score_threshold: 0.2 } : {}) });
        const [found, wanted] = [await pair.indexed.search(asked), await pair.plain.search(asked)];
        expect(found.hits).toEqual(wanted.hits);
        const page = { filter, limit: 7, with_payload: true, with_vector: true, after: `p${random.int(500)}` };
        const [a, b] = [await pair.indexed.scroll(page), await pair.plain.scroll(page)];
        expect({ ...a, warnings: [] }).toEqual({ ...b, warnings: [] });
        expect((await pair.indexed.count(filter)).count).toBe((await pair.plain.count(filter)).count);
      }
    }
  });

  it.each(['cosine', 'dot', 'euclidean'] as const)(
    'finds the nearest of all exactly by their codes: %s',
    async (metric) => {
      await using pair = await startPair(metric);
      const random = seededRandom(metric.length + 1);
      pair.indexed.declarePayloadIndexes([]);
      const write = async (): Promise<void> =>
        pair.write(Array.from({ length: 60 }, () => randomOperation(random, 500)));
      for (let entry = 0; entry < 6; entry++) await write();
      // Without them every point is read; that has been asked for once.
      const coded = (): boolean => !(pair.indexed.search(spec(random, { exact: true })) instanceof Promise);
      expect(coded()).toBe(false);
      await until(coded, { what: 'the codes of all points' });
      for (let round = 0; round < 20; round++) {
        await write();
        const filter = round % 2 === 0 ? {} : { filter: randomFilter(random) };
        const asked = spec(random, { exact: true, k: 1 + random.int(30), ...filter });
        const [found, wanted] = [await pair.indexed.search(asked), await pair.plain.search(asked)];
        expect(found).toEqual(wanted);
      }
    },
  );

  it('deletes by filter what one without them deletes, in the middle of an entry too', async () => {
    await using pair = await startPair('dot');
    const random = seededRandom(3);
    for (let round = 0; round < 30; round++) {
      const ops = Array.from({ length: 40 }, () => randomOperation(random, 300));
      await pair.write([
        ...ops.slice(0, 20),
        {
          kind: 'delete_by_filter',
          filter: { must: [randomFilter(random), { key: random.pick(KEYS), exists: true }] },
        },
        ...ops.slice(20),
      ]);
      if (round % 3 === 0) await pair.ready();
    }
    expect(pair.indexed.report().state_hash).toBe(pair.plain.report().state_hash);
    expect(pair.indexed.report().points).toBeGreaterThan(0);
  });

  it('finds the nearest by the graph where many points match, without a promise', async () => {
    await using pair = await startPair('euclidean');
    const random = seededRandom(8);
    for (let entry = 0; entry < 10; entry++)
      await pair.write(
        Array.from({ length: 500 }, (_, i): Operation => {
          const n = entry * 500 + i;
          const payload = JSON.stringify({ n: n % 2, word: `w${n % 200}` });
          return { kind: 'upsert', id: `p${n}`, vector: random.vector(DIMENSION), payload };
        }),
      );
    await pair.ready();
    await until(() => pair.indexed.report().buffered === 0);
    let [right, all] = [0, 0];
    for (const condition of [
      { key: 'n', range: { lt: 1 } },
      { key: 'word', match: { value: 'w7' } },
    ]) {
      for (let i = 0; i < 20; i++) {
        const asked = spec(random, { filter: { must: [condition] } });
        const found = pair.indexed.search(asked);
        expect(found).not.toBeInstanceOf(Promise);
        const wanted = new Set((await pair.plain.search({ ...asked, exact: true })).hits.map(({ id }) => id));
        right += (await found).hits.filter(({ id }) => wanted.has(id)).length;
        all += wanted.size;
        expect((await found).warnings).toEqual([]);
      }
    }
    expect(right / all).toBeGreaterThanOrEqual(0.95);
  });

  it('keeps a search that has given way at its state while points change', async () => {
    await using pair = await startPair('dot');
    const random = seededRandom(9);
    const write = async (n: number, word: string): Promise<void> =>
      pair.write(
        Array.from({ length: 1_000 }, (_, i): Operation => {
          const payload = JSON.stringify({ word, note: (n * 1_000 + i) % 50 });
          return { kind: 'upsert', id: `p${n * 1_000 + i}`, vector: random.vector(DIMENSION), payload };
        }),
      );
    for (let n = 0; n < 10; n++) await write(n, 'before');
    await pair.ready();
    // Half of it is for the index, the rest for payloads, of which so many are read that others have their turns.
    const filter = {
      must: [
        { key: 'word', match: { value: 'before' } },
        { key: 'note', match: { value: 3 } },
      ],
    };
    const asked = spec(random, { filter, exact: true, k: 150 });
    await pair.plain.flush();
    const [found, wanted] = [pair.indexed.search(asked), pair.plain.search(asked)];
    expect(found).toBeInstanceOf(Promise);
    await write(0, 'after');
    await pair.write(Array.from({ length: 2_000 }, (_, i): Operation => ({ kind: 'delete', id: `p${1_000 + i}` })));
    for (let n = 11; n < 13; n++) await write(n, 'before');
    expect((await found).sequence).toBe(10);
    expect((await found).hits).toEqual((await wanted).hits);
  });

  it('compares all that may be nearest where the index promises to be exact (regression)', async () => {
    await using root = await temporaryDirectory();
    const shape = { kind: 'cpu', dimension: DIMENSION, metric: 'dot', hnsw } as const;
    const random = seededRandom(12);
    const centre = random.vector(DIMENSION);
    // So close together that their codes hardly tell them apart.
    const ops = Array.from({ length: 300 }, (_, i): Operation => {
      const vector = centre.map((x) => x + random.gaussian() * 1e-4);
      return { kind: 'upsert', id: `p${i}`, vector, payload: JSON.stringify({ n: 1 }) };
    });
    const shard = await Shard.open({ ...shape, directory: root.path });
    const bytes = encodeEntry({ at: 0, requests: [encodeRequest({ id: 'fill', ops }).request] });
    await shard.apply({ sequence: 1, bytes, at: 1 });
    await shard.close();
    const state = await ShardState.open(join(root.path, POINTS_FILE), shape);
    const payloadIndexes = new PayloadIndexes({
      source: state,
      newCodes: () => new RowCodes(shape),
      onFailure: (cause) => {
        throw cause;
      },
    });
    payloadIndexes.declare([{ key: 'n', type: 'float' }]);
    payloadIndexes.start();
    await until(() => payloadIndexes.report().every((index) => index.state === 'ready'));
    const scans = new Gate({ running: 2, waiting: 2 });
    const index = Object.assign(new NoIndex(), { exact: true });
    const ground = { state, index, payloadIndexes, scans, efDefault: 64, held: new HeldStates() };
    for (let i = 0; i < 20; i++) {
      const asked = spec(random, { k: 1, filter: { must: [{ key: 'n', range: { gt: 0 } }] } });
      expect(await search(ground, asked)).toEqual(await search(ground, { ...asked, exact: true }));
    }
    await payloadIndexes.stop();
    await state.close();
  });
});
