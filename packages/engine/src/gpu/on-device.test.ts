import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

const program = fileURLToPath(new URL('on-device.child.ts', import.meta.url));
/** Node with a Vulkan driver in software, as `./vectorizer test` brings it. */
const softwareNode = fileURLToPath(new URL('../../../../.tools/vulkan/node', import.meta.url));

type Way = { readonly node: string; readonly mode: 'auto' | 'software' };
type Ended = { readonly code: number | null; readonly out: string };

async function run({ node, mode }: Way, check: string): Promise<Ended> {
  const child = spawn(node, ['--conditions=@vectorizer/source', '--no-warnings', program, mode, check], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE: process.execPath },
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

describe('a gpu collection on a device', () => {
  let way: Way = { node: process.execPath, mode: 'auto' };
  beforeAll(async () => {
    const { code } = await run(way, 'device');
    if (code === 0) return;
    way = { node: softwareNode, mode: 'software' };
    if (existsSync(softwareNode)) return;
    throw new Error('there is no GPU, and no Vulkan driver in software; run "./vectorizer test" once, which brings it');
  });

  it.each([
    ['finds what an exact scan of the state at the call finds, by cosine', 'cosine'],
    ['finds what an exact scan of the state at the call finds, by dot', 'dot'],
    ['finds what an exact scan of the state at the call finds, by euclidean', 'euclidean'],
    ['searches vectors of any length, one query or many at once, for few results or all', 'shapes'],
    ['orders equal scores by id', 'ties'],
    ['answers hits, versions and payloads of one sequence, and is the same after a restart', 'sequence'],
    ['goes on without a device that is lost in mid-search, answers what was asked, and warns once', 'loss'],
    ['goes on without a device that has no memory for it', 'memory'],
  ])('%s', async (_, check) => {
    expect(await run(way, check)).toMatchObject({ code: 0, out: expect.stringContaining('done') });
  });
});
