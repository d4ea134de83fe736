import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeEntry, encodeRequest, type GpuMode, type Operation } from '@vectorizer/contracts';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { Shard, type ShardOptions } from '../shard/shard.ts';
import { Gpu } from './gpu.ts';

const hnsw = { m: 8, ef_construction: 80, ef_search: 64 };

/** A place to look for devices, and the reasons that it has warned of. */
function gpuOf(mode: GpuMode): { readonly gpu: Gpu; readonly warned: string[] } {
  const warned: string[] = [];
  const warn = ({ reason }: { readonly reason?: string }): void => void warned.push(reason ?? '');
  return { gpu: new Gpu({ mode, logger: { info: () => undefined, error: () => undefined, warn } }), warned };
}

function open(directory: string, options: Partial<ShardOptions> = {}): Promise<Shard> {
  return Shard.open({ kind: 'gpu', dimension: 8, metric: 'cosine', hnsw, directory, ...options });
}

async function fill(shard: Shard): Promise<void> {
  const random = seededRandom(3);
  const ops = Array.from({ length: 300 }, (_, i): Operation => {
    return { kind: 'upsert', id: `p${i}`, vector: random.vector(8), payload: null };
  });
  const { request } = encodeRequest({ id: 'fill', ops });
  await shard.apply({ sequence: 1, bytes: encodeEntry({ at: 0, requests: [request] }), at: 1_000 });
}

const query = { vector: seededRandom(4).vector(8), k: 10, with_payload: false, with_vector: false };

describe('a gpu collection without a device', () => {
  it('is one of the processor: same answers, same state, the reason told, one warning for all', async () => {
    await using directory = await temporaryDirectory();
    const { gpu, warned } = gpuOf('off');
    const shard = await open(join(directory.path, 'a'), { gpu });
    const other = await open(join(directory.path, 'b'), { gpu });
    const cpu = await open(join(directory.path, 'c'), { kind: 'cpu' });
    for (const each of [shard, cpu]) await fill(each);
    expect(shard.searchNow(query)).toEqual(cpu.searchNow(query));
    expect(await shard.search({ ...query, exact: true })).toEqual(await cpu.search({ ...query, exact: true }));
    const { backend, device, backend_reason, ...rest } = shard.report();
    expect({ backend, device, backend_reason }).toEqual({
      backend: 'cpu',
      device: null,
      backend_reason: 'switched off',
    });
    expect(cpu.report()).toEqual({ ...rest, backend: 'cpu', device: null, backend_reason: null });
    expect(warned).toEqual(['switched off']);
    for (const each of [shard, other, cpu]) await each.close();
  });

  it('keeps its points and its graph over a restart', async () => {
    await using directory = await temporaryDirectory();
    const first = await open(directory.path, gpuOf('off'));
    await fill(first);
    await first.saveGraph();
    const [report, result] = [first.report(), first.searchNow(query)];
    await first.close();
    const second = await open(directory.path, gpuOf('off'));
    expect(second.report()).toMatchObject({ state_hash: report.state_hash, points: 300, indexed: report.indexed });
    expect(second.searchNow(query)).toEqual(result);
    await second.close();
  });

  it('looks for a device once, and tells its name or why there is none', async () => {
    const { gpu } = gpuOf('auto');
    const [first, second] = await Promise.all([gpu.acquire(), gpu.acquire()]);
    expect(second).toEqual(first);
    expect('device' in first ? first.device.name : first.reason).not.toBe('');
    if ('device' in first) first.device.fail('the test is over');
  });
});
