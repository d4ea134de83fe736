import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pack } from 'msgpackr';
import { encodeEntry, encodeRequest, type Operation } from '@vectorizer/contracts';
import { temporaryDirectory } from '@vectorizer/testing';
import { Turns } from '../apply/turns.ts';
import { POINTS_FILE } from '../snapshot/write-snapshot.ts';
import { checkState } from '../snapshot/check-state.ts';
import { metaKey, orderOfKey, pointKey, requestRange } from '../state/keys.ts';
import { LmdbStore } from '../state/lmdb-store.ts';
import { decodeRecord, encodeRecord } from '../state/record.ts';
import { decodeRemembered } from '../state/request-record.ts';
import { ShardState } from '../state/shard-state.ts';
import { Shard } from './shard.ts';

const shape = { kind: 'cpu', dimension: 2, metric: 'dot', hnsw: { m: 8, ef_construction: 80, ef_search: 64 } } as const;
const vector = Float32Array.of(1, 2);

async function write(shard: Shard, ops: Operation[]): Promise<void> {
  const sequence = shard.position.sequence + 1;
  const { request } = encodeRequest({ id: `r${sequence}`, ops });
  await shard.apply({ sequence, bytes: encodeEntry({ at: 0, requests: [request] }), at: 0 });
}

/** Stores points and figures as releases did that kept no digests. */
async function writtenEarlier(directory: string, ids: readonly string[], format: number): Promise<void> {
  const store = LmdbStore.open(join(directory, POINTS_FILE));
  const read = (key: Buffer): Buffer => Buffer.from(store.peek(key) ?? []);
  const points = ids.map((id) => {
    const { digest: _, ...record } = decodeRecord(read(pointKey(id)));
    return { key: pointKey(id), value: encodeRecord(record) };
  });
  const requests = store.range({ ...requestRange, limit: 100 }).map(({ key, value }) => {
    const { fingerprint, ...rest } = decodeRemembered(orderOfKey(key), value);
    return { key, value: pack({ ...rest, fingerprint: fingerprint.text }) };
  });
  const meta: object = JSON.parse(read(metaKey).toString());
  await store.commit([
    ...points,
    ...requests,
    { key: metaKey, value: Buffer.from(JSON.stringify({ ...meta, format })) },
  ]);
  await store.close();
}

describe('the store of an earlier release', () => {
  it('goes on as if this one had written it', async () => {
    await using root = await temporaryDirectory();
    const [old, same] = [join(root.path, 'old'), join(root.path, 'same')];
    const first: Operation[] = ['a', 'b', 'c'].map((id) => ({ kind: 'upsert', id, vector, payload: '{"n":1}' }));
    const then: Operation[] = [
      { kind: 'update', id: 'a', vector: Float32Array.of(3, 4) },
      { kind: 'delete', id: 'b' },
    ];
    const hashes: string[] = [];
    for (const directory of [old, same]) {
      const shard = await Shard.open({ ...shape, directory });
      await write(shard, first);
      await shard.close();
      if (directory === old) await writtenEarlier(directory, ['a', 'b', 'c'], 1);
      const again = await Shard.open({ ...shape, directory });
      await again.verify();
      await write(again, then);
      await again.flush();
      await again.verify();
      hashes.push(again.report().state_hash);
      await again.close();
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('of a later one is refused', async () => {
    await using root = await temporaryDirectory();
    const shard = await Shard.open({ ...shape, directory: root.path });
    await write(shard, [{ kind: 'insert', id: 'a', vector }]);
    await shard.close();
    await writtenEarlier(root.path, ['a'], 4);
    await expect(Shard.open({ ...shape, directory: root.path })).rejects.toThrow('not readable by this version');
  });
});

describe('a remembered request that is not what was written', () => {
  it('is found by a look through the store, and when that is opened', async () => {
    await using root = await temporaryDirectory();
    const path = join(root.path, POINTS_FILE);
    const shard = await Shard.open({ ...shape, directory: root.path });
    for (const id of ['a', 'b', 'c']) await write(shard, [{ kind: 'insert', id, vector }]);
    await shard.close();
    const state = await ShardState.open(path, shape);
    const store = LmdbStore.open(path);
    const [, second] = store.range({ ...requestRange, limit: 3 });
    const value = Buffer.from(second?.value ?? []);
    value.writeUInt8(value.readUInt8(value.length - 1) ^ 1, value.length - 1);
    await store.commit([{ key: second?.key ?? metaKey, value }]);
    await store.close();
    {
      using snapshot = state.snapshot();
      await expect(checkState(snapshot, state.proven, { turns: new Turns() })).rejects.toMatchObject({
        message: 'remembered request 1 is not what was written',
        details: { damaged: true },
      });
    }
    await state.close();
    await expect(Shard.open({ ...shape, directory: root.path })).rejects.toMatchObject({ details: { damaged: true } });
  });
});
