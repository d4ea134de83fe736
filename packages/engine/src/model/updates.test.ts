import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, Kind, type Operation, type RequestOutcome } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, until } from '@vectorizer/testing';
import { Shard } from '../shard/shard.ts';

const [DIMENSION, POINTS, K] = [8, 400, 10];

/** A vector whose first component says of which point and round it is, so that a reader can tell what belongs together. */
function vectorOf(point: number, round: number): Float32Array {
  const random = seededRandom(point * 1_000 + round);
  const vector = random.vector(DIMENSION);
  vector[0] = point + round / 1_000;
  return vector;
}

function update(point: number, round: number): Operation {
  return {
    kind: 'update',
    id: `p${point}`,
    vector: vectorOf(point, round),
    payload: JSON.stringify({ point, round }),
  };
}

async function open(kind: Kind): Promise<AsyncDisposable & { shard: Shard; write: (ops: Operation[]) => Written }> {
  const directory = await temporaryDirectory();
  const shape = {
    dimension: DIMENSION,
    metric: 'euclidean',
    hnsw: { m: 8, ef_construction: 80, ef_search: 64 },
  } as const;
  const shard = await Shard.open({ ...shape, kind, directory: join(directory.path, 'shard') });
  return {
    shard,
    write: async (ops) => {
      const sequence = shard.position.sequence + 1;
      const { request } = encodeRequest({ id: `r${sequence}`, ops });
      return shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 1_000 });
    },
    [Symbol.asyncDispose]: async () => {
      await shard.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}
type Written = Promise<readonly RequestOutcome[]>;

async function filled(kind: Kind): ReturnType<typeof open> {
  const one = await open(kind);
  const points = Array.from({ length: POINTS }, (_, point) => point);
  await one.write(points.map((point) => ({ ...update(point, 0), kind: 'upsert' }) as Operation));
  return one;
}

describe.each(Kind.options)('an update of a point of a %s collection', (kind) => {
  it('is seen whole: k hits, each point once, its vector ranked and returned with the payload written with it', async () => {
    await using one = await filled(kind);
    const { shard } = one;
    shard.startBackground();
    const random = seededRandom(7);
    const progress = { writing: true };
    const writer = (async (): Promise<void> => {
      for (let round = 1; round <= 60; round++) {
        await one.write(Array.from({ length: 50 }, () => update(random.int(POINTS), round)));
        await turn();
      }
      progress.writing = false;
    })();
    let seen = 0;
    for (let query = 0; progress.writing || query < 200; query++) {
      const { hits } = await shard.search({
        vector: vectorOf(query % POINTS, 0),
        k: K,
        with_payload: true,
        with_vector: true,
      });
      expect(hits).toHaveLength(K);
      expect(new Set(hits.map(({ id }) => id)).size).toBe(K);
      for (const { id, vector, payload, score } of hits) {
        const { point, round } = JSON.parse(payload ?? '') as { point: number; round: number };
        expect(`p${point}`).toBe(id);
        expect(vector).toEqual(vectorOf(point, round));
        const asked = vectorOf(query % POINTS, 0);
        const distance = Math.hypot(...asked.map((x, i) => x - (vector?.[i] ?? 0)));
        expect(score).toBeCloseTo(-distance, 2);
      }
      seen += 1;
      await turn();
    }
    await writer;
    expect(seen).toBeGreaterThanOrEqual(200);
    expect(shard.report().points).toBe(POINTS);
  });

  it('that is refused changes nothing', async () => {
    await using one = await filled(kind);
    const before = one.shard.report();
    const wrongLength: Operation = { kind: 'update', id: 'p1', vector: new Float32Array(3) };
    const stale: Operation = { ...update(1, 5), if_version: 77 } as Operation;
    const absent: Operation = { ...update(1, 5), id: 'nobody' } as Operation;
    const [outcome] = await one.write([wrongLength, stale, absent]);
    expect(outcome?.outcomes.map(({ status }) => status)).toEqual(['rejected', 'version_conflict', 'not_found']);
    const { state_hash, points, indexed, buffered, dead } = one.shard.report();
    expect({ state_hash, points, indexed, buffered, dead }).toEqual({
      state_hash: before.state_hash,
      points: before.points,
      indexed: before.indexed,
      buffered: before.buffered,
      dead: before.dead,
    });
  });

  it('that leaves the vector as it was touches no index', async () => {
    await using one = await filled(kind);
    one.shard.startBackground();
    await until(() => one.shard.report().buffered === 0);
    const before = one.shard.report();
    const everything = Array.from({ length: POINTS }, (_, point) => point);
    await one.write(
      everything.map((point): Operation => ({ ...update(point, 0), payload: '{"new":true}' }) as Operation),
    );
    const { indexed, buffered, dead } = one.shard.report();
    expect({ indexed, buffered, dead }).toEqual({ indexed: before.indexed, buffered: 0, dead: before.dead });
    const { points } = one.shard.read(['p3'], { with_payload: true, with_vector: true });
    expect(points).toEqual([{ id: 'p3', version: 2, vector: vectorOf(3, 0), payload: '{"new":true}' }]);
  });

  it('repeated 100,000 times on one point grows nothing', async () => {
    await using one = await filled(kind);
    one.shard.startBackground();
    await until(() => one.shard.report().buffered === 0);
    for (let entry = 0; entry < 100; entry++) {
      await one.write(Array.from({ length: 1_000 }, (_, i) => update(0, (entry * 1_000 + i) % 997)));
    }
    const { points, indexed, buffered, dead } = one.shard.report();
    expect(points).toBe(POINTS);
    expect(indexed + buffered).toBe(POINTS);
    expect(dead).toBeLessThanOrEqual(100);
    const { hits } = await one.shard.search({
      vector: vectorOf(0, 99_999 % 997),
      k: 1,
      with_payload: false,
      with_vector: false,
    });
    expect(hits).toMatchObject([{ id: 'p0', version: 101 }]);
  });

  it('of every point keeps the recall', async () => {
    await using one = await filled(kind);
    one.shard.startBackground();
    const everything = Array.from({ length: POINTS }, (_, point) => point);
    await one.write(everything.map((point) => update(point, 1)));
    await until(() => one.shard.report().buffered === 0);
    let found = 0;
    for (const query of everything.slice(0, 100)) {
      const spec = { vector: vectorOf(query, 2), k: K, with_payload: false, with_vector: false };
      const near = (await one.shard.search(spec)).hits.map(({ id }) => id);
      const truth = new Set((await one.shard.search({ ...spec, exact: true })).hits.map(({ id }) => id));
      found += near.filter((id) => truth.has(id)).length;
    }
    expect(found / (100 * K)).toBeGreaterThanOrEqual(0.95);
  });
});

describe.each(Kind.options)('a %s collection', (kind) => {
  /** Long, in the direction of the query, and near it: each metric prefers another one. */
  const points = { long: [100, 5], aligned: [0.2, 0], near: [1.1, 0.2] } as const;

  it.each([
    ['cosine', ['aligned', 'long', 'near']],
    ['dot', ['long', 'near', 'aligned']],
    ['euclidean', ['near', 'aligned', 'long']],
  ] as const)('ranks by %s where the metrics disagree', async (metric, ranking) => {
    await using directory = await temporaryDirectory();
    const hnsw = { m: 8, ef_construction: 80, ef_search: 64 };
    const shard = await Shard.open({ kind, metric, hnsw, dimension: 2, directory: join(directory.path, 'shard') });
    const ops = Object.entries(points).map(([id, vector]): Operation => ({
      kind: 'upsert',
      id,
      vector: Float32Array.from(vector),
    }));
    const { request } = encodeRequest({ id: 'r', ops });
    await shard.apply({ sequence: 1, bytes: encodeEntry({ at: 0, requests: [request] }), at: 1_000 });
    for (const exact of [false, true]) {
      const spec = { vector: Float32Array.of(1, 0), k: 3, exact, with_payload: false, with_vector: false };
      expect((await shard.search(spec)).hits.map(({ id }) => id)).toEqual(ranking);
    }
    await shard.close();
  });
});
