import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, type Operation } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { Shard, type ShardOptions } from '../shard/shard.ts';

const [DIMENSION, POINTS] = [16, 4_000];
const hnsw = { m: 16, ef_construction: 200, ef_search: 64 };

function open(directory: string, more: Partial<ShardOptions> = {}): Promise<Shard> {
  return Shard.open({ directory, kind: 'quantized', dimension: DIMENSION, metric: 'euclidean', hnsw, ...more });
}

/** The payload says which vector was written with it. */
function upsert(id: string, vector: Float32Array): Operation {
  return { kind: 'upsert', id, vector, payload: JSON.stringify([...vector]).replace('[', '{"x":[') + '}' };
}

async function write(shard: Shard, ops: Operation[]): Promise<void> {
  const sequence = shard.position.sequence + 1;
  const { request } = encodeRequest({ id: `r${sequence}`, ops });
  await shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 1_000 });
}

async function filled(directory: string): Promise<Shard> {
  const shard = await open(directory);
  const random = seededRandom(1);
  await write(
    shard,
    Array.from({ length: POINTS }, (_, i) => upsert(`p${i}`, random.vector(DIMENSION))),
  );
  return shard;
}

const fields = { with_payload: true, with_vector: true };

describe('a quantized shard', () => {
  it('answers a long search from one state, whatever is written meanwhile', async () => {
    await using directory = await temporaryDirectory();
    const shard = await filled(directory.path);
    const random = seededRandom(2);
    let gaveWay = 0;
    for (let round = 0; round < 8; round++) {
      const spec = { vector: random.vector(DIMENSION), k: 1_000, ...fields };
      const { hits: exact } = await shard.search({ ...spec, exact: true });
      const before = shard.position.sequence;
      const filter = { must: [{ key: 'x', exists: true as const }] };
      const search = shard.search({ ...spec, quantization: { oversampling: 8 }, ...(round % 2 === 1 && { filter }) });
      if (search instanceof Promise) gaveWay += 1;
      const progress = { searching: true };
      const answer = Promise.resolve(search).finally(() => (progress.searching = false));
      while (progress.searching) {
        const ops = Array.from({ length: 20 }, () => upsert(`p${random.int(POINTS)}`, random.vector(DIMENSION)));
        await write(shard, [...ops, { kind: 'delete', id: `p${random.int(POINTS)}` }]);
        await turn();
      }
      const { hits, sequence } = await answer;
      expect(shard.position.sequence).toBeGreaterThan(before);
      expect(sequence).toBe(before);
      expect(hits).toEqual(exact);
      for (const { vector, payload } of hits) expect(JSON.parse(payload ?? '')).toEqual({ x: [...(vector ?? [])] });
    }
    expect(gaveWay).toBeGreaterThan(0);
    await shard.close();
  });

  it('rescores as the collection says, or as the search does', async () => {
    await using directory = await temporaryDirectory();
    await (await filled(directory.path)).close();
    const shard = await open(directory.path, { quantization: { type: 'int8', rescore: false, oversampling: 8 } });
    const spec = { vector: seededRandom(3).vector(DIMENSION), k: 10, with_payload: false, with_vector: false };
    const { hits: exact } = await shard.search({ ...spec, exact: true });
    const rough = await shard.search(spec);
    expect(rough.hits).not.toEqual(exact);
    for (const { score } of rough.hits) expect(score).toBeCloseTo(exact[0]?.score ?? NaN, 0);
    expect((await shard.search({ ...spec, quantization: { rescore: true } })).hits).toEqual(exact);
    await shard.close();
  });

  it('says once that it could not use what was saved, and is whole all the same', async () => {
    await using directory = await temporaryDirectory();
    await (await filled(directory.path)).close();
    const warnings: unknown[] = [];
    const logger = {
      info: () => undefined,
      error: () => undefined,
      warn: (...line: unknown[]) => void warnings.push(line),
    };
    await (await open(directory.path, { logger })).close();
    expect(warnings).toEqual([]);
    const saved = join(directory.path, 'graph');
    const rows = (await readdir(saved)).find((name) => name.endsWith('.rows')) ?? '';
    await truncate(join(saved, rows), 1_000);
    const shard = await open(directory.path, { logger });
    expect(warnings).toEqual([
      [{ reason: 'the file of codes is damaged', points: POINTS }, 'the saved index is of no use: it is built anew'],
    ]);
    expect(shard.report()).toMatchObject({ points: POINTS, indexed: POINTS, buffered: 0, dead: 0 });
    const spec = { vector: seededRandom(4).vector(DIMENSION), k: 10, with_payload: false, with_vector: false };
    expect((await shard.search(spec)).hits).toEqual((await shard.search({ ...spec, exact: true })).hits);
    await shard.close();
  });

  it('takes an entry that changes every point, and waits for no room', async () => {
    await using directory = await temporaryDirectory();
    const shard = await filled(directory.path);
    const random = seededRandom(5);
    const vectors = Array.from({ length: POINTS }, () => random.vector(DIMENSION));
    await write(
      shard,
      vectors.map((vector, i) => upsert(`p${i}`, vector)),
    );
    expect(shard.report()).toMatchObject({ points: POINTS, indexed: POINTS, buffered: 0, dead: 0 });
    const [first] = vectors;
    const spec = { vector: first ?? new Float32Array(), k: 1, with_payload: false, with_vector: false };
    expect((await shard.search(spec)).hits).toMatchObject([{ id: 'p0', score: -0 }]);
    await shard.close();
  });
});
