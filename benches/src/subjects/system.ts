import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@vectorizer/testing';

/** The command line that `./vectorizer` runs, as built. */
const COMMAND_LINE = resolve(import.meta.dirname, '../../../apps/cli/dist/main.js');
/** A first start may have to find its servers. */
const START_MS = 120_000;
const STOP_MS = 60_000;

/** A standalone server with its log server, on ports and in a directory of its own; `residentMb` is of the server alone. */
export type System = AsyncDisposable & { readonly url: string; readonly residentMb: () => number };

export async function startSystem(): Promise<System> {
  if (!existsSync(COMMAND_LINE)) throw new Error(`${COMMAND_LINE} is missing: build first (pnpm build)`);
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const data = join(directory.path, 'data');
  // Also when the start fails half-way.
  stack.defer(() => command(['down', '--data', data], STOP_MS).then(ignore, ignore));
  const up = await command(['up', '--port', '0', '--data', data, '--detach', '--json'], START_MS);
  const { url } = JSON.parse(lastLine(up)) as Started;
  const status = await command(['status', '--data', data, '--json'], STOP_MS);
  const { processes } = JSON.parse(lastLine(status)) as Status;
  const pid = processes.find(({ name }) => name === 'standalone')?.pid;
  if (pid === undefined) throw new Error('the standalone server is not among the processes that were started');
  const held = stack.move();
  return { url, residentMb: () => residentMb(pid), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function command(words: readonly string[], timeout: number): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND_LINE, ...words], { timeout });
  return stdout;
}

type Started = { readonly url: string };
type Status = { readonly processes: readonly { readonly name: string; readonly pid: number }[] };

/** With `--json` it is the answer; what comes before it is for people. */
function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
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
