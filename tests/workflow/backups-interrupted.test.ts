import { describe, expect, it } from '@jest/globals';
import { pauseProcess, seededRandom, until } from '@vectorizer/testing';
import { ask, ended, restore, takeSnapshot, type Answer, type Snapshot } from '../system/snapshots.ts';
import { settled, startSystem, type System } from '../system/system.ts';

const [DIMENSION, POINTS] = [64, 4_000];

async function startFilled(mode: 'standalone' | 'cluster'): Promise<System> {
  const system = await startSystem(mode);
  const random = seededRandom(20_261_126);
  await system.client.createCollection({ name: 'books', dimension: DIMENSION, metric: 'dot', hnsw: { m: 8 } });
  for (let n = 0; n < POINTS; n += 500) {
    const points = Array.from({ length: 500 }, (_, i) => ({ id: `p${n + i}`, vector: random.vector(DIMENSION) }));
    await system.client.upsert('books', points);
  }
  await settled(system.client, 'books');
  return system;
}

async function pidOf(system: System, wanted: string): Promise<number> {
  const found = (await system.status()).processes.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${wanted} runs`);
  return found.pid;
}

async function hashOf(system: System, collection: string): Promise<unknown> {
  const { points, shards } = await settled(system.client, collection);
  return { points, hash: shards[0]?.replicas[0]?.state_hash };
}

async function namesOf({ client }: System): Promise<string[]> {
  return (await client.listCollections()).map(({ name }) => name);
}

/** Once the gateway answers again. */
async function lookAt(system: System, path: string): Promise<Snapshot> {
  let answer: Answer | undefined;
  const isBack = async (): Promise<boolean> => {
    answer = await ask(system, `GET ${path}`).catch(() => undefined);
    return answer?.status === 200;
  };
  await until(isBack, { what: 'the gateway being back' });
  if (answer === undefined) throw new Error('it answered');
  return answer.body;
}

describe('an index node that is killed', () => {
  it('takes a snapshot, and restores one, once it is started again', async () => {
    await using system = await startFilled('cluster');
    const begun = await ask(system, 'POST books/snapshots');
    process.kill(await pidOf(system, 'index-1'), 'SIGKILL');
    const path = `books/snapshots/${begun.body.id}`;
    expect(await ended(system, path, (snapshot) => snapshot)).toMatchObject({ state: 'complete', points: POINTS });
    const again = await ask(system, `POST ${path}/restore`, { name: 'copy' });
    expect(again.status).toBe(202);
    process.kill(await pidOf(system, 'index-1'), 'SIGKILL');
    const { restore: job } = await ended(system, path, (snapshot) => snapshot.restore);
    expect(job).toMatchObject({ state: 'complete', points: POINTS });
    expect(await hashOf(system, 'copy')).toEqual(await hashOf(system, 'books'));
  });
});

describe('a gateway that ends', () => {
  it('leaves a restore that says that it failed, nothing half-visible, and can be repeated', async () => {
    await using system = await startFilled('cluster');
    const path = `books/snapshots/${(await takeSnapshot(system, 'books')).id}`;
    const [index, gateway] = [await pidOf(system, 'index-1'), await pidOf(system, 'gateway-1')];
    pauseProcess(index);
    expect((await ask(system, `POST ${path}/restore`, { name: 'copy' })).status).toBe(202);
    expect((await ask(system, `POST ${path}/restore`, { name: 'other' })).body.error.type).toBe('version_conflict');
    expect((await ask(system, `DELETE ${path}`)).body.error.type).toBe('version_conflict');
    process.kill(gateway, 'SIGKILL');
    process.kill(index, 'SIGCONT');
    await lookAt(system, path);
    const { restore: job } = await ended(system, path, (snapshot) => snapshot.restore);
    expect(job).toMatchObject({ state: 'failed', reason: 'the gateway that worked on it ended' });
    expect(await namesOf(system)).toEqual(['books']);
    expect(await restore(system, path, { name: 'copy' })).toMatchObject({ state: 'complete', points: POINTS });
    expect(await hashOf(system, 'copy')).toEqual(await hashOf(system, 'books'));
  });

  it('says so at once where it is stopped in order', async () => {
    await using system = await startFilled('cluster');
    const [index, gateway] = [await pidOf(system, 'index-1'), await pidOf(system, 'gateway-1')];
    pauseProcess(index);
    const { body } = await ask(system, 'POST books/snapshots');
    process.kill(gateway, 'SIGTERM');
    await until(async () => (await pidOf(system, 'gateway-1')) !== gateway);
    process.kill(index, 'SIGCONT');
    const path = `books/snapshots/${body.id}`;
    expect(await lookAt(system, path)).toMatchObject({ state: 'failed', reason: 'the gateway was stopped' });
    expect((await ask(system, `POST ${path}/restore`, { name: 'copy' })).body.error).toMatchObject({
      type: 'version_conflict',
      message: expect.stringContaining('is not complete'),
    });
    expect((await ask(system, `DELETE ${path}`)).status).toBe(200);
  });
});

describe('a whole instance that is killed', () => {
  it('ends a restore in the place of a collection as done, or as not begun', async () => {
    await using system = await startFilled('standalone');
    const path = `books/snapshots/${(await takeSnapshot(system, 'books')).id}`;
    const before = await hashOf(system, 'books');
    await system.client.deleteByFilter('books', { must_not: [{ has_id: ['p1'] }] });
    const { body } = await ask(system, `POST ${path}/restore`, { replace: true });
    await system.killEverything();
    await system.up();
    await lookAt(system, path);
    const { restore: job } = await ended(system, path, (snapshot) => snapshot.restore);
    const { uid } = await system.client.getCollection('books');
    const made = uid === body.restore?.uid;
    expect(job?.state).toBe(made ? 'complete' : 'failed');
    expect(await system.client.count('books')).toEqual({ count: made ? POINTS : 1 });
    const last = made ? job : await restore(system, path, { replace: true });
    expect(last?.state).toBe('complete');
    expect(await hashOf(system, 'books')).toEqual(before);
  });
});
