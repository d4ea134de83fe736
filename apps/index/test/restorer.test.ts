import { describe, expect, it } from '@jest/globals';
import { newUid, shardBackup, shardRestore, type JobReport, type ShardSnapshot } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { applied, startNode, write, writeMany, upsert } from './fixture.ts';

async function done(ask: () => Promise<JobReport>): Promise<ShardSnapshot> {
  let stored: ShardSnapshot | null = null;
  const isDone = async (): Promise<boolean> => {
    ({ stored } = await ask());
    return stored !== null;
  };
  await until(isDone, { what: 'the end of the job' });
  if (stored === null) throw new Error('it was waited for');
  return stored;
}

describe('the state that a restore begins with', () => {
  it('is of the sequence that was asked for, or there is none', async () => {
    await using setting = await startNode();
    const { system, node, books } = setting;
    const into = newUid();
    const last = await writeMany(system, books, 10);
    await applied(node, books, last);
    const taken = await done(async () => node.call(shardBackup, { uid: books.uid, shard: 0, into }));
    expect(taken).toMatchObject({ sequence: last, points: 10 });
    const more = await write(system, books, [upsert('later', 1, 1, 1, 1)]);
    const base = { shard: 0, from: into, log: books.uid, config: books.config };
    const restored = async (up_to: number): Promise<ShardSnapshot> => {
      const uid = newUid();
      return done(async () => node.call(shardRestore, { ...base, uid, up_to }));
    };
    const { state_hash } = taken;
    expect(await restored(last)).toMatchObject({ sequence: last, points: 10, state_hash });
    expect(await restored(more)).toMatchObject({ sequence: more, points: 11 });
    await expect(restored(last - 1)).rejects.toMatchObject({
      type: 'storage_error',
      message: `the state is of sequence ${last}, where it should be of ${last - 1}`,
    });
  });
});
