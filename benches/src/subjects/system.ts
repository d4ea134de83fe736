import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@vectorizer/testing';

/** The command line that `./vectorizer` runs, as built. */
const COMMAND_LINE = resolve(import.meta.dirname, '../../../apps/cli/dist/main.js');
/** A first start may have to find its servers. */
const START_MS = 120_000;
const STOP_MS = 60_000;

/** A standalone server with its log server, on ports and in a directory of its own; what it takes is of the server alone. */
export type System = AsyncDisposable & {
  readonly url: string;
  readonly residentMb: () => number;
  /** Of all its threads since it started. */
  readonly processorMs: () => number;
  /** Where it and its log server keep everything. */
  readonly data: string;
  /** The server and its log server. */
  readonly pids: () => readonly number[];
  /** Ends both in good order and starts them again where they were, from then on with other settings if any are given. */
  readonly restart: (settings?: Readonly<Record<string, string>>) => Promise<void>;
};

/** `settings`: of the server, beside what is set for this process. */
export async function startSystem(settings: Readonly<Record<string, string>> = {}): Promise<System> {
  if (!existsSync(COMMAND_LINE)) throw new Error(`${COMMAND_LINE} is missing: build first (pnpm build)`);
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const data = join(directory.path, 'data');
  // Also when the start fails half-way.
  stack.defer(() => command(['down', '--data', data], STOP_MS).then(ignore, ignore));
  const { url } = await start(data, '0', settings);
  let processes = await processesOf(data);
  let current = settings;
  const pid = (): number => {
    const found = processes.find(({ name }) => name === 'standalone')?.pid;
    if (found === undefined) throw new Error('the standalone server is not among the processes that were started');
    return found;
  };
  const held = stack.move();
  return {
    url,
    residentMb: () => residentMb(pid()),
    processorMs: () => processorMs(pid()),
    data,
    pids: () => processes.map((each) => each.pid),
    async restart(others = current) {
      current = others;
      await command(['down', '--data', data], STOP_MS);
      await start(data, new URL(url).port, current);
      processes = await processesOf(data);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function start(data: string, port: string, settings: Readonly<Record<string, string>>): Promise<Started> {
  const up = await command(['up', '--port', port, '--data', data, '--detach', '--json'], START_MS, settings);
  return JSON.parse(lastLine(up)) as Started;
}

async function processesOf(data: string): Promise<Status['processes']> {
  return (JSON.parse(lastLine(await command(['status', '--data', data, '--json'], STOP_MS))) as Status).processes;
}

async function command(
  words: readonly string[],
  timeout: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const set = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const all = [...set, process.execPath, COMMAND_LINE, ...words];
  const { stdout } = await promisify(execFile)('/usr/bin/env', all, { timeout });
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

/** To the nanosecond, where `stat` counts hundredths of a second. */
function processorMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return NaN;
  const nanoseconds = readdirSync(tasks).map((task) => {
    const [ran = NaN] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ').map(Number);
    return ran;
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

function ignore(): void {
  // What was to be stopped had not started, or will be found by its data directory.
}
