import { describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '../src/vectorizer-client.ts';
import type { UpsertProgress } from '../src/upsert-many.ts';
import { failure, scripted, type Reply, type Seen } from './scripted-server.ts';

type Body = { points: { id: string }[] };
const idsIn = ({ body }: Seen): string[] => (JSON.parse(body) as Body).points.map(({ id }) => id);

/** As a server answers that takes every point but those whose ids end with `!`. */
function taken(seen: Seen): Reply {
  const results = idsIn(seen).map((id, index) => {
    if (!id.endsWith('!')) return { index, id, status: 'created', version: 1 };
    return { index, id, status: 'rejected', error: { type: 'validation_error', message: 'no', details: {} } };
  });
  const failed = results.filter(({ status }) => status === 'rejected').length;
  const total = results.length;
  return { status: 200, body: { total, succeeded: total - failed, failed, results, sequences: [1] } };
}

function* broken(): Generator<{ id: string; vector: number[] }> {
  for (let i = 0; i < 25; i++) yield { id: `p${i}`, vector: [1, 2] };
  throw new Error('the file ends within a row');
}

/** Tells how far it was read. */
class Source {
  given = 0;
  isClosed = false;

  async *points(
    count: number,
    idOf = (i: number): string => `p${i}`,
  ): AsyncGenerator<{ id: string; vector: number[] }> {
    try {
      for (; this.given < count;) {
        this.given += 1;
        yield await Promise.resolve({ id: idOf(this.given - 1), vector: [1, this.given] });
      }
    } finally {
      this.isClosed = true;
    }
  }
}

describe('upsertMany', () => {
  it('writes all in batches, each under a key of its own, and tells how far it is', async () => {
    await using server = await scripted([taken]);
    await using client = new VectorizerClient({ url: server.url });
    const told: UpsertProgress[] = [];
    const failed: number[] = [];
    const result = await client.upsertMany(
      'books',
      new Source().points(25, (i) => (i % 10 === 3 ? `p${i}!` : `p${i}`)),
      {
        batchSize: 10,
        concurrency: 1,
        wait: 'logged',
        onProgress: (progress) => told.push(progress),
        onFailed: (points) => failed.push(...points.map(({ index }) => index)),
      },
    );
    expect(server.seen.map((seen) => idsIn(seen).length)).toEqual([10, 10, 5]);
    expect(server.seen.flatMap(idsIn)).toEqual(
      Array.from({ length: 25 }, (_, i) => (i % 10 === 3 ? `p${i}!` : `p${i}`)),
    );
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
    expect(server.seen[0]?.url).toContain('wait=logged');
    expect(told.map(({ points }) => points)).toEqual([10, 20, 25]);
    expect(failed).toEqual([3, 13, 23]);
    expect(result).toMatchObject({ points: 25, succeeded: 22, failed: 3, batches: 3 });
    expect(result.failures.map(({ id }) => id)).toEqual(['p3!', 'p13!', 'p23!']);
  });

  it('reads no more than is under way, however long the server takes', async () => {
    await using server = await scripted(['keep silent']);
    await using client = new VectorizerClient({ url: server.url });
    const source = new Source();
    const stop = new AbortController();
    const work = client.upsertMany('books', source.points(10_000), {
      batchSize: 10,
      concurrency: 3,
      signal: stop.signal,
    });
    while (server.seen.length < 3) await new Promise(setImmediate);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(server.seen).toHaveLength(3);
    // Three batches, and the point that shows that the third is full.
    expect(source.given).toBe(31);
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    expect(source.isClosed).toBe(true);
  });

  it('stops at the first request that fails for good, and closes the source', async () => {
    await using server = await scripted([taken, failure(404, 'collection_not_found')]);
    await using client = new VectorizerClient({ url: server.url });
    const source = new Source();
    const work = client.upsertMany('books', source.points(10_000), { batchSize: 10, concurrency: 2 });
    await expect(work).rejects.toMatchObject({ type: 'collection_not_found' });
    expect(source.given).toBeLessThan(100);
    expect(source.isClosed).toBe(true);
  });

  it('gives up on a source that gives nothing when its signal says so', async () => {
    await using server = await scripted([taken]);
    await using client = new VectorizerClient({ url: server.url });
    const stuck = { [Symbol.asyncIterator]: () => ({ next: async () => new Promise<never>(() => undefined) }) };
    const work = client.upsertMany('books', stuck, { signal: AbortSignal.timeout(50) });
    await expect(work).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('throws what the source throws, once what is under way is answered', async () => {
    await using server = await scripted([taken]);
    await using client = new VectorizerClient({ url: server.url });
    await expect(client.upsertMany('books', broken(), { batchSize: 10 })).rejects.toThrow('within a row');
    expect(server.seen).toHaveLength(2);
  });

  it('makes smaller requests of large points', async () => {
    await using server = await scripted([taken]);
    await using client = new VectorizerClient({ url: server.url });
    const payload = { text: 'x'.repeat(3 * 1024 * 1024) };
    const points = Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, vector: [1], payload }));
    await client.upsertMany('books', points, { concurrency: 1 });
    expect(server.seen.map((seen) => idsIn(seen).length)).toEqual([2, 2, 1]);
  });

  it('refuses a batch that the server would refuse', async () => {
    await using client = new VectorizerClient({ url: 'http://127.0.0.1:1' });
    await expect(client.upsertMany('books', [], { batchSize: 1_001 })).rejects.toThrow('batchSize: expected 1 to 1000');
  });
});
