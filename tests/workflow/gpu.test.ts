import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { CollectionState } from '@vectorizer/client';
import { seededRandom } from '@vectorizer/testing';
import { settled, startSystem, type System } from '../system/system.ts';

const [POINTS, DIMENSION] = [300, 8];

async function gaugeOf(system: System, series: string): Promise<number> {
  const text = await (await fetch(`${system.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

/** Lines of the instance's log that warn of the missing device. */
async function warningsIn(system: System): Promise<number> {
  const log = await readFile(join(system.data, 'run', 'standalone.log'), 'utf8');
  return log.split('\n').filter((line) => line.includes('gpu collections are searched on the processor')).length;
}

function backendsOf({ shards }: CollectionState): unknown[] {
  return shards.flatMap(({ replicas }) =>
    replicas.map(({ backend, device, backend_reason: reason }) => ({ backend, device, reason })),
  );
}

describe('a gpu collection on a machine whose devices are not to be used', () => {
  it('works on the processor, says so, and keeps its points over a restart', async () => {
    await using system = await startSystem('standalone', { VECTORIZER_GPU: 'off' });
    const { client } = system;
    const random = seededRandom(9);
    const points = Array.from({ length: POINTS }, (_, i) => ({ id: `p${i}`, vector: [...random.vector(DIMENSION)] }));
    for (const [name, kind] of [
      ['fast', 'gpu'],
      ['same', 'cpu'],
    ] as const) {
      await client.createCollection({ name, kind, dimension: DIMENSION, metric: 'cosine', shards: 2 });
      await client.upsert(name, points);
    }
    const search = { vector: [...random.vector(DIMENSION)], k: 10, exact: true };
    const { hits } = await client.search('same', search);
    const onTheProcessor = { backend: 'cpu', device: null, reason: 'switched off' };

    expect((await client.search('fast', search)).hits).toEqual(hits);
    expect(backendsOf(await settled(client, 'fast'))).toEqual([onTheProcessor, onTheProcessor]);
    const asItsKindAsks = { ...onTheProcessor, reason: null };
    expect(backendsOf(await settled(client, 'same'))).toEqual([asItsKindAsks, asItsKindAsks]);
    expect(await warningsIn(system)).toBe(1);

    await system.down();
    await system.up();
    expect((await client.search('fast', { ...search, consistency: 'strong' })).hits).toEqual(hits);
    expect(backendsOf(await settled(client, 'fast'))).toEqual([onTheProcessor, onTheProcessor]);
    expect(await gaugeOf(system, 'vectorizer_gpu_replicas{backend="cpu"}')).toBe(2);
    expect(await gaugeOf(system, 'vectorizer_gpu_replicas{backend="gpu"}')).toBe(0);
  });
});
