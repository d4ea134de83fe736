import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, type Operation, type SearchSpec } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory, until } from '@vectorizer/testing';
import { Shard, type ShardOptions } from './shard.ts';

const hnsw = { m: 8, ef_construction: 80, ef_search: 64 };
const shape = { kind: 'cpu', dimension: 2, metric: 'euclidean', hnsw } as const;
const fields = { with_payload: true, with_vector: false };

/** A shard in a directory of its own, and a writer of its log. */
async function startShard(options: Partial<ShardOptions> = {}): Promise<
  AsyncDisposable & {
    shard: Shard;
    directory: string;
    write(ops: Operation[], id?: string): ReturnType<Shard['apply']>;
  }
> {
  const root = await temporaryDirectory();
  const directory = join(root.path, 'shard');
  const shard = await Shard.open({ ...shape, directory, ...options });
  return {
    shard,
    directory,
    write: (ops, id = `r${shard.position.sequence}`) =>
      shard.apply({ sequence: shard.position.sequence + 1, bytes: entryOf(ops, id), at: 1_000 }),
    [Symbol.asyncDispose]: async () => {
      await shard.close();
      await root[Symbol.asyncDispose]();
    },
  };
}

function entryOf(ops: Operation[], id: string): Uint8Array {
  return encodeEntry({ at: 0, requests: [encodeRequest({ id, ops }).request] });
}

function upsert(id: string, x: number, payload: object | null = null): Operation {
  return {
    kind: 'upsert',
    id,
    vector: Float32Array.of(x, 0),
    payload: payload === null ? null : JSON.stringify(payload),
  };
}

function spec(more: Partial<SearchSpec> = {}): SearchSpec {
  return { vector: Float32Array.of(0, 0), k: 10, ...fields, ...more };
}

/** The version of each hit, without and with payloads; then how many points the graph has. */
function versionsSeen(shard: Shard): number[] {
  const hits = [false, true].flatMap((with_payload) => shard.searchNow(spec({ with_payload })).hits);
  return [...hits.map(({ version }) => version), shard.report().indexed];
}

describe('a shard without an index', () => {
  it('applies its log to the same state, and leaves what was saved for the next that opens it', async () => {
    await using one = await startShard();
    await one.write([upsert('a', 1), upsert('b', 2)]);
    await one.shard.saveGraph();
    await one.shard.close();
    const bare = await Shard.open({ ...shape, directory: one.directory, withoutIndex: true });
    await bare.apply({ sequence: 2, bytes: entryOf([upsert('c', 0.5), { kind: 'delete', id: 'a' }], 'r'), at: 1 });
    const { state_hash, points } = bare.report();
    await bare.close();
    const again = await Shard.open({ ...shape, directory: one.directory });
    expect(again.report()).toMatchObject({ state_hash, points, applied_sequence: 2 });
    expect(again.searchNow(spec()).hits.map(({ id }) => id)).toEqual(['c', 'b']);
    await again.close();
  });
});

describe('a shard', () => {
  it('saves its graph once at a time, however many ask for it (regression)', async () => {
    await using one = await startShard();
    one.shard.startBackground();
    await one.write([upsert('a', 1)]);
    await expect(Promise.all([one.shard.saveGraph(), one.shard.saveGraph()])).resolves.toHaveLength(2);
  });

  it('answers hits with score, version and what was asked for', async () => {
    await using one = await startShard();
    await one.write([upsert('a', 1, { n: 1 }), upsert('b', 2)]);
    expect(one.shard.searchNow(spec({ with_vector: true }))).toEqual({
      sequence: 1,
      hits: [
        { id: 'a', version: 1, score: -1, payload: '{"n":1}', vector: Float32Array.of(1, 0) },
        { id: 'b', version: 1, score: -2, payload: null, vector: Float32Array.of(2, 0) },
      ],
      warnings: [],
    });
    expect(one.shard.searchNow(spec({ with_payload: false })).hits[0]).toEqual({ id: 'a', version: 1, score: -1 });
  });

  it('leaves out hits below the score threshold, with and without a filter', async () => {
    await using one = await startShard();
    await one.write([1, 2, 3, 4].map((x) => upsert(`p${x}`, x, { n: x })));
    const filter = { must: [{ key: 'n', range: { gt: 1 } }] };
    expect(one.shard.searchNow(spec({ score_threshold: -2.5 })).hits.map(({ id }) => id)).toEqual(['p1', 'p2']);
    const filtered = await one.shard.search(spec({ score_threshold: -3.5, filter }));
    expect(filtered.hits.map(({ id }) => id)).toEqual(['p2', 'p3']);
  });

  it('refuses a query of another dimension, and of no direction under cosine', async () => {
    await using one = await startShard();
    expect(() => one.shard.searchNow(spec({ vector: Float32Array.of(1) }))).toThrow(
      expect.objectContaining({ type: 'dimension_mismatch' }),
    );
    await using cosine = await startShard({ metric: 'cosine' });
    expect(() => cosine.shard.search(spec())).toThrow(expect.objectContaining({ type: 'validation_error' }));
  });

  it('finds k matching points however rare they are, and says that the filter has no index', async () => {
    await using one = await startShard();
    const random = seededRandom(5);
    for (let entry = 0; entry < 20; entry++) {
      const points = Array.from({ length: 100 }, (_, i) => entry * 100 + i);
      await one.write(points.map((i) => upsert(`p${i}`, random.gaussian(), { share: i % 100, even: i % 2 })));
    }
    const rare = await one.shard.search(spec({ filter: { must: [{ key: 'share', match: { value: 7 } }] } }));
    expect(rare.hits).toHaveLength(10);
    expect(rare.warnings.map(({ code }) => code)).toEqual(['unindexed_filter']);
    const even = one.shard.search(spec({ filter: { must: [{ key: 'even', match: { value: 0 } }] } }));
    expect(even).not.toBeInstanceOf(Promise);
    expect((await even).hits).toHaveLength(10);
    const byId = await one.shard.search(spec({ filter: { must: [{ has_id: ['p3', 'p5'] }] } }));
    expect(byId.hits.map(({ id }) => id).toSorted()).toEqual(['p3', 'p5']);
    expect(byId.warnings).toEqual([]);
  });

  it('finds with a filter however many are asked for or looked at, also those that are not in the graph yet (regression)', async () => {
    await using one = await startShard();
    for (let entry = 0; entry < 3; entry++) {
      const points = Array.from({ length: 1_000 }, (_, i) => entry * 1_000 + i);
      await one.write(points.map((i) => upsert(`p${i}`, i, { even: i % 2 })));
    }
    const filter = { must: [{ key: 'even', match: { value: 0 } }] };
    for (const asked of [{ k: 501 }, { k: 1_000 }, { k: 3, ef: 10_000 }]) {
      const { hits } = await one.shard.search(spec({ ...asked, filter }));
      expect(hits.map(({ id }) => id)).toEqual(Array.from({ length: asked.k }, (_, i) => `p${2 * i}`));
    }
  });

  it('shows an entry whole or not at all while it is applied', async () => {
    await using one = await startShard();
    const ids = Array.from({ length: 1_500 }, (_, i) => `p${i}`);
    await one.write(ids.map((id) => upsert(id, 1)));
    const done = new AbortController();
    const write = one.write(ids.map((id) => upsert(id, 2))).finally(() => done.abort());
    const seen = new Set<string>();
    while (!done.signal.aborted) {
      const { sequence, points } = one.shard.read(['p0', 'p700', 'p1499'], fields);
      seen.add([sequence, ...points.map(({ version }) => version)].join());
      await new Promise(setImmediate);
    }
    await write;
    expect([...seen, one.shard.position.sequence]).toEqual(['1,1,1,1', 2]);
  });

  it('keeps a running scan at its sequence while entries are applied and flushed', async () => {
    await using one = await startShard();
    const ids = Array.from({ length: 3_000 }, (_, i) => `p${i}`);
    await one.write(ids.map((id) => upsert(id, 1, { old: true })));
    await one.shard.flush();
    const counting = one.shard.count({ must: [{ key: 'old', exists: true }] });
    await one.write([
      ...ids.slice(0, 1_000).map((id): Operation => ({ kind: 'delete', id })),
      upsert('new', 1, { old: 1 }),
    ]);
    await one.shard.flush();
    expect(await counting).toMatchObject({ sequence: 1, count: 3_000 });
    expect(await one.shard.count({ must: [{ key: 'old', exists: true }] })).toMatchObject({
      sequence: 2,
      count: 2_001,
    });
  });

  it('ends a scan that nobody waits for any more', async () => {
    await using one = await startShard();
    await one.write(Array.from({ length: 3_000 }, (_, i) => upsert(`p${i}`, i, { text: 'x'.repeat(1_000) })));
    const filter = { must: [{ key: 'text', match: { value: 'y' } }] };
    const late = { deadline: Date.now() - 1 };
    const scans = [
      Promise.resolve(one.shard.search({ ...spec({ exact: true }), ...late })),
      one.shard.count(filter, late.deadline),
      one.shard.scroll({ limit: 10, filter, ...fields, ...late }),
    ];
    for (const scan of await Promise.allSettled(scans)) {
      expect(scan).toMatchObject({ status: 'rejected', reason: { type: 'deadline_exceeded' } });
    }
    expect((await one.shard.search(spec({ exact: true }))).hits).toHaveLength(10);
  });

  it('counts a malformed entry as rejected and goes on', async () => {
    await using one = await startShard();
    expect(await one.shard.apply({ sequence: 1, bytes: Uint8Array.of(0xc1), at: 5 })).toEqual([]);
    await one.write([upsert('a', 1)]);
    expect(one.shard.report()).toMatchObject({
      applied_sequence: 2,
      entries_applied: 1,
      entries_rejected: 1,
      points: 1,
    });
  });

  it('refuses an entry that is not the next', async () => {
    await using one = await startShard();
    await expect(one.shard.apply({ sequence: 2, bytes: entryOf([upsert('a', 1)], 'r'), at: 1 })).rejects.toThrow(
      'in order',
    );
    await one.write([upsert('a', 1)]);
    expect(one.shard.position.sequence).toBe(1);
  });
});

describe('a shard that is closed and opened', () => {
  it('is as it was: points, position, requests, log', async () => {
    await using root = await temporaryDirectory();
    const directory = join(root.path, 'shard');
    const first = await Shard.open({ ...shape, directory });
    first.bind('2026-01-01T00:00:00Z');
    const bytes = entryOf([upsert('a', 1, { n: 1 }), upsert('b', 2)], 'r1');
    const [outcome] = await first.apply({ sequence: 1, bytes, at: 1_000 });
    const [position, report] = [first.position, first.report()];
    await first.close();
    const second = await Shard.open({ ...shape, directory });
    expect(second.position).toEqual(position);
    expect(second.position.created).toBe('2026-01-01T00:00:00Z');
    expect(second.report()).toMatchObject({ state_hash: report.state_hash, points: 2, durable_sequence: 1 });
    expect(second.outcome('r1')).toEqual(outcome);
    expect(await second.apply({ sequence: 2, bytes, at: 2_000 })).toEqual([{ ...outcome, replayed: true }]);
    expect(second.searchNow(spec()).hits.map(({ id }) => id)).toEqual(['a', 'b']);
    await second.close();
  });

  it('refuses a store of another shape', async () => {
    await using one = await startShard();
    await one.write([upsert('a', 1)]);
    await one.shard.flush();
    await expect(Shard.open({ ...shape, dimension: 3, directory: one.directory })).rejects.toMatchObject({
      type: 'storage_error',
    });
  });
});

describe('the version of a hit', () => {
  it('is that of the last change of the payload too, in the buffer, in the graph and after a restart', async () => {
    await using root = await temporaryDirectory();
    const directory = join(root.path, 'shard');
    const first = await Shard.open({ ...shape, directory });
    const merge: Operation = { kind: 'payload_merge', id: 'a', payload: '{"n":1}' };
    const change = (sequence: number, op: Operation): ReturnType<Shard['apply']> =>
      first.apply({ sequence, bytes: entryOf([op], `r${sequence}`), at: 1_000 });
    await change(1, upsert('a', 1));
    await change(2, { ...merge, payload: '{"n":0}' });
    expect(versionsSeen(first)).toEqual([2, 2, 0]);
    first.startBackground();
    await until(() => first.report().indexed === 1);
    expect(versionsSeen(first)).toEqual([2, 2, 1]);
    await change(3, merge);
    expect(versionsSeen(first)).toEqual([3, 3, 1]);
    await first.close();
    const second = await Shard.open({ ...shape, directory });
    expect(versionsSeen(second)).toEqual([3, 3, 1]);
    await second.close();
  });
});

describe('the background of a shard', () => {
  it('moves vectors into the graph and flushes, without being asked', async () => {
    await using one = await startShard();
    one.shard.startBackground();
    await one.write(Array.from({ length: 50 }, (_, i) => upsert(`p${i}`, i)));
    await until(() => one.shard.report().indexed === 50 && one.shard.report().durable_sequence === 1);
    expect(one.shard.searchNow(spec({ k: 3 })).hits.map(({ id }) => id)).toEqual(['p0', 'p1', 'p2']);
  });
});
