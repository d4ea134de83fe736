import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@vectorizer/testing';

/** The command line that `./vectorizer` runs, as built. */
const COMMAND_LINE = resolve(import.meta.dirname, '../../apps/cli/dist/main.js');
/** A first start may have to find its servers. */
const START_MS = 120_000;
const STOP_MS = 60_000;

/** A standalone server with its log server, on ports and in a directory of its own. */
export type System = AsyncDisposable & { readonly url: string; readonly residentMb: () => number };

export async function startSystem(): Promise<System> {
  if (!existsSync(COMMAND_LINE)) throw new Error(`${COMMAND_LINE} is missing: build first (pnpm build)`);
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const data = join(directory.path, 'data');
  // Also when the start fails half-way.
  stack.defer(() => command(['down', '--data', data], STOP_MS).then(ignore, ignore));
  const output = await command(['up', '--port', '0', '--data', data, '--detach', '--json'], START_MS);
  const { url, pid } = started(output);
  const held = stack.move();
  return { url, residentMb: () => residentMb(pid), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function command(words: readonly string[], timeout: number): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND_LINE, ...words], { timeout });
  return stdout;
}

/** The last line of `up --detach --json`. */
function started(output: string): { readonly url: string; readonly pid: number } {
  const answer = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
    readonly url?: unknown;
    readonly pid?: unknown;
  };
  if (typeof answer.url !== 'string' || typeof answer.pid !== 'number') {
    throw new Error(`expected { url, pid } from the command line, got ${output}`);
  }
  return { url: answer.url, pid: answer.pid };
}

/** Where there is no /proc it is not known. */
function residentMb(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return NaN;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1]) / 1_024;
}

function ignore(): void {
  // What was to be stopped had not started, or will be found by its data directory.
}
