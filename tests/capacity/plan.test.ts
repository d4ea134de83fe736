import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lastJson, runCommand } from '../system/command.ts';

type Compared = Readonly<
  Record<'memory' | 'store' | 'indexFiles', { readonly plan: number; readonly measured: number }>
>;

describe('a plan', () => {
  it.each(['cpu', 'quantized'])(
    'says within 15 %% what memory an index node takes for a %s collection',
    async (kind) => {
      const sample = ['--points', '20000', '--dimension', '128', '--kind', kind];
      const compared = lastJson(await runCommand('plan', ...sample, '--measure', '--json')) as Compared;
      const ratios = Object.entries(compared).flatMap(([what, { plan, measured }]) =>
        plan === undefined ? [] : [{ what, ratio: plan / measured }],
      );
      expect(ratios.map(({ what }) => what)).toEqual(['memory', 'store', 'indexFiles']);
      expect(ratios.filter(({ ratio }) => Math.abs(ratio - 1) > 0.15)).toEqual([]);
    },
  );

  it('is the one of docs/CAPACITY.md', async () => {
    const { code, out } = await runCommand('plan', '--table', '--qps', '10');
    expect(code).toBe(0);
    expect(await readFile(resolve(import.meta.dirname, '../../docs/CAPACITY.md'), 'utf8')).toContain(out);
  });

  it('is counted in machines as docs/SCALING.md has it', async () => {
    const { code, out } = await runCommand('plan', '--costs', '--qps', '100');
    expect(code).toBe(0);
    expect(await readFile(resolve(import.meta.dirname, '../../docs/SCALING.md'), 'utf8')).toContain(out.trim());
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
