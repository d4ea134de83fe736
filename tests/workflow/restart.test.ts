import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory, until } from '@vectorizer/testing';
import { lastJson, runCommand, startCommand } from '../system/command.ts';
import { settled, startSystem, type System } from '../system/system.ts';

const [ROWS, DIMENSION, QUERIES] = [4_000, 16, 50];

const flat = (vectors: readonly Float32Array[]): Uint8Array =>
  Buffer.concat(vectors.map((vector) => new Uint8Array(vector.buffer)));

type Files = { readonly base: string; readonly queries: string; readonly truth: string };

/** Seeded rows and queries, with each query's ten nearest rows by dot product. */
async function writeFiles(directory: string): Promise<Files> {
  const random = seededRandom(20_261_125);
  const rows = Array.from({ length: ROWS }, () => random.vector(DIMENSION));
  const queries = Array.from({ length: QUERIES }, () => random.vector(DIMENSION));
  const truth = queries.flatMap((query) =>
    rows
      .map((row, index) => ({ index, score: row.reduce((sum, x, i) => sum + x * (query[i] ?? 0), 0) }))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ index }) => index),
  );
  const files = { base: 'base.f32', queries: 'queries.f32', truth: 'truth.i32' };
  const paths = Object.fromEntries(Object.entries(files).map(([key, name]) => [key, join(directory, name)]));
  await writeFile(paths['base'] ?? '', flat(rows));
  await writeFile(paths['queries'] ?? '', flat(queries));
  await writeFile(paths['truth'] ?? '', new Uint8Array(Int32Array.from(truth).buffer));
  return paths as Files;
}

function loadArguments(system: System, file: string): string[] {
  const shape = ['--dimension', String(DIMENSION), '--metric', 'dot', '--batch', '100'];
  return ['load', file, '--collection', 'rows', '--url', system.url, ...shape];
}

async function recallOf(system: System, files: Files): Promise<number> {
  const known = ['--queries', files.queries, '--truth', files.truth, '--truth-k', '10', '--k', '10'];
  const ended = await runCommand('recall', '--collection', 'rows', ...known, '--url', system.url, '--json');
  expect(ended).toMatchObject({ code: 0 });
  return (lastJson(ended) as { recall: number }).recall;
}

async function stateHashes(system: System): Promise<(string | undefined)[]> {
  const { shards } = await settled(system.client, 'rows');
  return shards.flatMap(({ replicas }) => replicas.map(({ state_hash }) => state_hash));
}

describe('an instance whose every process is killed during a load', () => {
  it('resumes the load and ends in the state of one that was left alone', async () => {
    await using directory = await temporaryDirectory();
    const files = await writeFiles(directory.path);

    await using calm = await startSystem();
    expect(await runCommand(...loadArguments(calm, files.base))).toMatchObject({ code: 0 });

    await using killed = await startSystem();
    const first = startCommand(loadArguments(killed, files.base));
    await until(async () => (await killed.client.count('rows').catch(() => ({ count: 0 }))).count >= 500);
    first.kill('SIGKILL');
    await killed.killEverything();
    await first.ended;
    await killed.up();
    const { count } = await killed.client.count('rows', { consistency: 'strong' });
    expect(count).toBeGreaterThanOrEqual(500);
    expect(count).toBeLessThan(ROWS);
    expect(await runCommand(...loadArguments(killed, files.base))).toMatchObject({ code: 0 });

    expect(await killed.client.count('rows', { consistency: 'strong' })).toEqual({ count: ROWS });
    expect(await stateHashes(killed)).toEqual(await stateHashes(calm));
    const recall = await recallOf(killed, files);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    // The one has more of its points in the graph, the other in the buffer, which is exact.
    expect(Math.abs(recall - (await recallOf(calm, files)))).toBeLessThan(0.02);
  });

  it('goes on with a load that waits for the server to come back', async () => {
    await using directory = await temporaryDirectory();
    const files = await writeFiles(directory.path);
    await using system = await startSystem();
    const load = startCommand(loadArguments(system, files.base));
    await until(async () => (await system.client.count('rows').catch(() => ({ count: 0 }))).count >= 300);
    await system.killEverything();
    await system.up();
    expect(await load.ended).toMatchObject({ code: 0 });
    expect(await system.client.count('rows', { consistency: 'strong' })).toEqual({ count: ROWS });
  });
});

describe('an instance that is stopped and started', () => {
  it('has everything, and nothing of what was dropped', async () => {
    await using system = await startSystem();
    const { client } = system;
    await client.createCollection({ name: 'kept', dimension: 2, metric: 'euclidean' });
    await client.createCollection({ name: 'dropped', dimension: 2 });
    await client.upsert('kept', [{ id: 'a', vector: [3, 4], payload: { deep: { list: [1, null, 'x'] } } }]);
    await client.upsert('dropped', [{ id: 'a', vector: [3, 4] }]);
    await client.deleteCollection('dropped');
    const before = await settled(client, 'kept');
    await system.down();
    await system.up();
    expect((await client.listCollections()).map(({ name }) => name)).toEqual(['kept']);
    const after = await settled(client, 'kept');
    expect(after.shards[0]?.replicas[0]?.state_hash).toBe(before.shards[0]?.replicas[0]?.state_hash);
    expect(await client.getOne('kept', 'a')).toMatchObject({
      vector: [3, 4],
      payload: { deep: { list: [1, null, 'x'] } },
    });
    await expect(client.count('dropped')).rejects.toMatchObject({ type: 'collection_not_found' });
    await client.createCollection({ name: 'dropped', dimension: 7 });
    expect(await client.count('dropped')).toEqual({ count: 0 });
  });
});
