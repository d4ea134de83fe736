import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const sources = resolve(import.meta.dirname, '../src');

/** Runs a benchmark program from source, as `./vectorizer bench` runs what was built. */
export async function bench(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  program = 'main.ts',
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, ['--conditions=@vectorizer/source', resolve(sources, program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...environment },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}
