import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@vectorizer/testing';
import { lastJson, runCommand } from '../system/command.ts';
import { settled, startSystem, type System } from '../system/system.ts';

const [POINTS, DIMENSION, BATCH] = [20_000, 128, 1_000];
const ATTEMPTS_MAX = 32;
const kinds = ['cpu', 'quantized'] as const;
type Kind = (typeof kinds)[number];
type Joined = { readonly nodes: readonly { readonly node: string; readonly port: number }[] };

/** Bytes of a process that are not pages of the points' files, which the system takes back when it needs them. */
async function ownMemory(pid: number): Promise<{ readonly anonymous: number; readonly files: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytesOf = (name: string): number => 1_024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { anonymous: bytesOf('RssAnon'), files: bytesOf('RssFile') };
}

describe('plan', () => {
  let system: System;
  /** By the kind of collection that lies on it: the process of an index node, and how many bytes of files it had when it was empty. */
  const nodes = new Map<Kind, { readonly pid: number; readonly files: number }>();

  beforeAll(async () => {
    system = await startSystem({ nodes: 2, replicas: 1 });
    const processes = (await system.status()).processes.filter(({ name }) => name.startsWith('index'));
    const empty = await Promise.all(processes.map(async ({ pid }) => (await ownMemory(pid)).files));
    const random = seededRandom(1);
    for (const kind of kinds) {
      const place = await createElsewhere(kind);
      nodes.set(kind, { pid: processes[place]?.pid ?? 0, files: empty[place] ?? 0 });
    }
    for (let start = 0; start < POINTS; start += BATCH) {
      const points = Array.from({ length: BATCH }, (_, i) => ({
        id: `00000000-0000-4000-8000-${String(start + i).padStart(12, '0')}`,
        vector: random.vector(DIMENSION),
      }));
      await Promise.all(kinds.map(async (kind) => system.client.upsert(kind, points)));
    }
    for (const kind of kinds) await settled(system.client, kind);
  }, 240_000);
  afterAll(async () => system[Symbol.asyncDispose]());

  /** On the node that has no collection yet; answers which of the processes that is. */
  async function createElsewhere(kind: Kind): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      await system.client.createCollection({ name: kind, dimension: DIMENSION, kind });
      const place = await placeOf(kind);
      if (![...nodes.values()].some(({ pid }) => pid === place.pid)) return place.index;
      await system.client.deleteCollection(kind);
    }
    throw new Error('a collection lies on the other node every second time');
  }

  async function placeOf(kind: Kind): Promise<{ readonly index: number; readonly pid: number }> {
    const [replica] = (await settled(system.client, kind)).shards[0]?.replicas ?? [];
    const joined = (await (await fetch(`${system.url}/api/v1/replication/nodes`)).json()) as Joined;
    const port = joined.nodes.find(({ node }) => node === replica?.node)?.port;
    const processes = (await system.status()).processes.filter(({ name }) => name.startsWith('index'));
    const index = processes.findIndex(({ url }) => new URL(url).port === String(port));
    return { index, pid: processes[index]?.pid ?? 0 };
  }

  it.each(kinds)('says within 15 %% what memory a %s collection takes', async (kind) => {
    const args = ['--points', String(POINTS), '--dimension', String(DIMENSION), '--replicas', '1', '--kind', kind];
    const plan = lastJson(await runCommand('plan', ...args, '--json')) as {
      readonly node: { memory: { total: number } };
    };
    const { pid, files } = nodes.get(kind) ?? { pid: 0, files: 0 };
    const measured = (await ownMemory(pid)).anonymous + files;
    expect(plan.node.memory.total / measured).toBeGreaterThan(0.85);
    expect(plan.node.memory.total / measured).toBeLessThan(1.15);
  });
});

describe('a plan', () => {
  it('is the one of docs/CAPACITY.md', async () => {
    const { code, out } = await runCommand('plan', '--table', '--qps', '10');
    expect(code).toBe(0);
    expect(await readFile(resolve(import.meta.dirname, '../../docs/CAPACITY.md'), 'utf8')).toContain(out);
  });

  it('is not made of what does not fit together', async () => {
    const refused = await runCommand('plan', '--quantization', 'binary');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('--quantization is of a quantized collection'),
    });
    const fewer = await runCommand('plan', '--replicas', '3', '--nodes', '2');
    expect(fewer).toMatchObject({ code: 1, err: 'vectorizer: 3 replicas need as many nodes, not 2\n' });
  });
});
