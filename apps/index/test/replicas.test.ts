import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  heartbeat,
  shardCount,
  shardDescribe,
  shardOutcomes,
  shardRead,
  shardScroll,
  shardSearch,
  type Heartbeat,
} from '@vectorizer/contracts';
import { printMetrics } from '@vectorizer/telemetry';
import { HANG_MS, temporaryDirectory, until } from '@vectorizer/testing';
import {
  applied,
  create,
  idsNear,
  inPhase,
  openNode,
  report,
  startNode,
  startSystem,
  upsert,
  viewOf,
  write,
  writeMany,
} from './fixture.ts';

const plain = { with_payload: false, with_vector: false };

describe('an index node', () => {
  it('applies what is logged and answers every kind of read', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    const at = { uid: books.uid, shard: 0 };
    const first = await write(system, books, [upsert('a', 1, 0, 0, 0), upsert('b', 0, 1, 0, 0)]);
    const last = await write(system, books, [{ kind: 'delete', id: 'b' }, upsert('c', 0, 1, 0.1, 0)]);
    expect([first, last]).toEqual([1, 2]);

    const vector = Float32Array.of(0, 1, 0, 0);
    const spec = { vector, k: 1, with_payload: true, with_vector: false };
    const found = await node.call(shardSearch, {
      ...at,
      min_sequence: last,
      searches: [spec, { ...spec, k: 2, exact: true }, { ...spec, filter: { must: [{ has_id: ['a'] }] } }],
    });
    expect(found.sequence).toBe(2);
    expect(found.results.map(({ hits }) => hits.map(({ id }) => id))).toEqual([['c'], ['c', 'a'], ['a']]);
    expect(found.results[0]?.hits[0]).toMatchObject({ version: 2, payload: '{"id":"c"}' });

    const read = await node.call(shardRead, { ...at, min_sequence: 0, ids: ['c', 'b', 'a'], ...plain });
    expect(read).toEqual({
      sequence: 2,
      points: [
        { id: 'c', version: 2 },
        { id: 'a', version: 1 },
      ],
    });
    const page = await node.call(shardScroll, { ...at, min_sequence: 0, limit: 1, ...plain });
    expect(page).toMatchObject({ sequence: 2, more: true, points: [{ id: 'a' }] });
    expect(await node.call(shardCount, { ...at, min_sequence: 0 })).toMatchObject({ sequence: 2, count: 2 });
    expect(await report(node, books)).toMatchObject({ node: node.id, phase: 'following', points: 2 });
    expect(node.index.replicas()).toHaveLength(1);
  });

  it('waits for a sequence and answers what became of its requests', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    const { uid } = await create(system, [node]);
    const asked = node.call(shardOutcomes, { uid, shard: 0, sequence: 1, request_ids: ['mine'] });
    const ops = [upsert('a', 1, 0, 0, 0), { kind: 'insert' as const, id: 'a', vector: Float32Array.of(1, 1, 1, 1) }];
    await system.log.writer(uid, 0).append({ id: 'mine', ops }, Date.now() + HANG_MS);
    const { requests } = await asked;
    expect(requests).toMatchObject([{ request_id: 'mine', sequence: 1, replayed: false }]);
    expect(requests[0]?.outcomes.map(({ status }) => status)).toEqual(['created', 'already_exists']);
    await expect(
      node.call(shardOutcomes, { uid, shard: 0, sequence: 1, request_ids: ['mine', 'not mine'] }),
    ).rejects.toMatchObject({ type: 'not_found', details: { request_id: 'not mine' } });
  });

  it('answers replica_behind in time, with how far it is', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    await applied(node, books, await write(system, books, [upsert('a', 1, 0, 0, 0)]));
    const ahead = { uid: books.uid, shard: 0, min_sequence: 9, ids: ['a'], ...plain };
    await expect(node.call(shardRead, ahead, 200)).rejects.toMatchObject({
      type: 'replica_behind',
      details: { applied: 1, demanded: 9, shard: 0 },
    });
  });

  it('gives way between the searches of a large call', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    const dimension = 256;
    const wide = await create(system, [node], { name: 'wide', dimension });
    const vectorOf = (i: number): Float32Array =>
      Float32Array.from({ length: dimension }, (_, j) => Math.sin(i * j + i));
    const points = Array.from({ length: 2_000 }, (_, i) => upsert(`p${i}`, ...vectorOf(i)));
    await write(system, wide, points.slice(0, 1_000));
    const sequence = await write(system, wide, points.slice(1_000));
    const spec = { vector: vectorOf(7), k: 1_000, ...plain };
    const call = { uid: wide.uid, shard: 0, min_sequence: sequence };
    await applied(node, wide, sequence);
    const order: string[] = [];
    const many = Array.from({ length: 100 }, () => spec);
    const large = node.call(shardSearch, { ...call, searches: many }).then(({ results }) => {
      order.push('large');
      return results;
    });
    const small = node.call(shardSearch, { ...call, searches: [{ ...spec, k: 1 }] }).then(() => order.push('small'));
    const [results] = await Promise.all([large, small]);
    expect(order).toEqual(['small', 'large']);
    expect(results.map(({ hits }) => hits.length)).toEqual(many.map(() => 1_000));
  });

  it('goes on after a restart from where its files are, with the same state', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 30));
    const before = await report(node, books);
    await node.index.close();
    const missed = await write(system, books, [upsert('p0', 9, 9, 9, 9)]);
    await using again = await openNode(system, directory.path);
    expect(again.id).toBe(node.id);
    await applied(again, books, missed);
    const after = await report(again, books);
    // Neither applied anew nor counted anew.
    expect(after).toMatchObject({ entries_applied: 31, operations_applied: 31, applied_sequence: 31, points: 30 });
    expect(await idsNear(again, books, { vector: [9, 9, 9, 9], k: 1 })).toEqual(['p0']);
    await applied(again, books, await write(system, books, [upsert('p0', 1, 0, 0, 0)]));
    expect((await report(again, books)).state_hash).not.toBe(before.state_hash);
  });

  it('has the state of its files at once when it is restarted', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 30));
    const { state_hash, chain } = await report(node, books);
    await node.index.close();
    await using again = await openNode(system, directory.path);
    expect(again.index.replicas()).toMatchObject([{ applied_sequence: 30, durable_sequence: 30, state_hash, chain }]);
  });

  it('removes the files of a dropped collection, and shares nothing with a namesake', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 3));
    const files = join(directory.path, 'replicas', `${books.uid}_0`);
    expect(existsSync(files)).toBe(true);
    const waiting = applied(node, books, 1_000);
    await system.catalog.drop('books');
    await system.log.dropStreams(books.uid);
    await expect(waiting).rejects.toMatchObject({ type: 'collection_not_found' });
    await until(() => !existsSync(files));
    await expect(report(node, books)).rejects.toMatchObject({ type: 'collection_not_found' });
    const namesake = await create(system, [node]);
    await inPhase(node, namesake, 'following');
    expect(await report(node, namesake)).toMatchObject({ points: 0, applied_sequence: 0 });
    expect(await idsNear(node, namesake, { vector: [1, 1, 1, 1] })).toEqual([]);
  });

  it('removes at its start what was dropped while it was away, and nothing else', async () => {
    await using setting = await startNode();
    const { system, directory, node, books } = setting;
    const kept = await create(system, [node], { name: 'kept' });
    await applied(node, books, await writeMany(system, books, 3));
    await applied(node, kept, await writeMany(system, kept, 3));
    await node.index.close();
    await system.catalog.drop('books');
    await system.log.dropStreams(books.uid);
    const namesake = await create(system, [node]);
    await mkdir(join(directory.path, 'replicas', 'notes of an operator'));
    await using again = await openNode(system, directory.path);
    const names = [`${kept.uid}_0`, `${namesake.uid}_0`, 'notes of an operator'];
    expect((await readdir(join(directory.path, 'replicas'))).toSorted()).toEqual(names.toSorted());
    expect(await report(again, kept)).toMatchObject({ points: 3 });
    expect(await report(again, namesake)).toMatchObject({ points: 0 });
  });

  it('answers for a collection before it has heard of it, and refuses one that is placed elsewhere', async () => {
    await using system = await startSystem();
    await using elsewhere = await viewOf(system.nats);
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    for (let i = 0; i < 10; i++) {
      const { uid } = await create(elsewhere, [node], { name: `new-${i}` });
      expect(await node.call(shardDescribe, { uid, shard: 0 })).toMatchObject({ uid, applied_sequence: 0 });
      await expect(node.call(shardDescribe, { uid, shard: 1 })).rejects.toMatchObject({ type: 'index_unavailable' });
    }
  });

  it('tells at once when a replica changes its phase, and every second how it is', async () => {
    await using system = await startSystem();
    await using directory = await temporaryDirectory();
    await using node = await openNode(system, directory.path);
    const heard: Heartbeat[] = [];
    node.bus.listen(heartbeat, (beat) => heard.push(beat));
    const { uid } = await create(system, [node]);
    await until(() => heard.at(-1)?.replicas[0]?.phase === 'following');
    expect(heard.at(-1)).toMatchObject({ node: node.id, host: '127.0.0.1', port: 15_013, replicas: [{ uid }] });
    const { length } = heard;
    await until(() => heard.length >= length + 2);
    expect(system.registry.nodes()).toMatchObject([{ node: node.id }]);
  });

  it('measures the sums of its replicas, of which a dropped collection leaves nothing', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    await applied(node, books, await writeMany(system, books, 5));
    const before = await valuesOf(
      'vectorizer_write_searchable_seconds_count',
      'vectorizer_replication_bytes_received_total',
    );
    await applied(node, books, await writeMany(system, books, 2));
    const after = await valuesOf(
      'vectorizer_write_searchable_seconds_count',
      'vectorizer_replication_bytes_received_total',
    );
    expect(after[0]).toBe((before[0] ?? 0) + 2);
    expect(after[1]).toBeGreaterThan(before[1] ?? 0);
    await idsNear(node, books, { vector: [1, 1, 1, 1] });
    const stages = ['wait', 'queue', 'search'].map(
      (stage) => `vectorizer_search_stage_seconds_count{stage="${stage}"}`,
    );
    for (const count of await valuesOf(...stages)) expect(count).toBeGreaterThan(0);
    await until(() => shows('vectorizer_index_points 5', 'vectorizer_index_replicas{phase="following"} 1'));
    await system.catalog.drop('books');
    await until(() => shows('vectorizer_index_points 0', 'vectorizer_index_replicas{phase="following"} 0'));
    expect((await printMetrics()).text).not.toContain(books.uid);
  });
});

describe('two index nodes', () => {
  it('come to one state of a shard, by one chain', async () => {
    await using system = await startSystem();
    await using one = await temporaryDirectory();
    await using two = await temporaryDirectory();
    await using first = await openNode(system, one.path);
    await using second = await openNode(system, two.path);
    const books = await create(system, [first, second]);
    const last = await writeMany(system, books, 40);
    const end = await write(system, books, [
      { kind: 'delete', id: 'p3' },
      { kind: 'payload_merge', id: 'p4', payload: '{"x":1}' },
      { kind: 'update', id: 'absent', vector: Float32Array.of(1, 2, 3, 4) },
    ]);
    expect(end).toBe(last + 1);
    await Promise.all([applied(first, books, end), applied(second, books, end)]);
    const [a, b] = [await report(first, books), await report(second, books)];
    expect(a.node).not.toBe(b.node);
    expect(a.points).toBe(39);
    expect([b.applied_sequence, b.state_hash, b.chain]).toEqual([a.applied_sequence, a.state_hash, a.chain]);
  });
});

async function valuesOf(...series: string[]): Promise<number[]> {
  const text = (await printMetrics()).text.split('\n');
  return series.map((name) => Number(text.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? NaN));
}

async function shows(...lines: string[]): Promise<boolean> {
  const text = (await printMetrics()).text.split('\n');
  return lines.every((line) => text.includes(line));
}
