import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@vectorizer/testing';

/** The command line that `./vectorizer` runs, as built. */
const COMMAND_LINE = resolve(import.meta.dirname, '../../../apps/cli/dist/main.js');
/** A first start may have to find its servers, a later one a thousand collections. */
const START_MS = 300_000;
const STOP_MS = 120_000;

type Settings = Readonly<Record<string, string>>;

/** Processes that one command of the command line started, on ports and in a directory of their own. */
export type Instance = AsyncDisposable & {
  readonly url: string;
  /** Where all of them keep everything. */
  readonly data: string;
  readonly processes: () => Status['processes'];
  /** Ends all in good order and starts them again where they were, from then on with other settings if any are given. */
  readonly restart: (settings?: Settings) => Promise<void>;
};

/** `words`: what starts it, as `up`, or `cluster up --nodes 2`. `settings`: beside what is set for this process. */
export async function startInstance(words: readonly string[], settings: Settings = {}): Promise<Instance> {
  if (!existsSync(COMMAND_LINE)) throw new Error(`${COMMAND_LINE} is missing: build first (pnpm build)`);
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const data = join(directory.path, 'data');
  // Also when the start fails half-way.
  stack.defer(() => command(['down', '--data', data], STOP_MS).then(ignore, ignore));
  let current = settings;
  const start = async (port: string): Promise<Started> => {
    const up = await command([...words, '--port', port, '--data', data, '--detach', '--json'], START_MS, current);
    return JSON.parse(lastLine(up)) as Started;
  };
  const { url } = await start('0');
  let processes = await processesOf(data);
  const held = stack.move();
  return {
    url,
    data,
    processes: () => processes,
    async restart(others = current) {
      current = others;
      await command(['down', '--data', data], STOP_MS);
      await start(new URL(url).port);
      processes = await processesOf(data);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function processesOf(data: string): Promise<Status['processes']> {
  return (JSON.parse(lastLine(await command(['status', '--data', data, '--json'], STOP_MS))) as Status).processes;
}

async function command(words: readonly string[], timeout: number, settings: Settings = {}): Promise<string> {
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

function ignore(): void {
  // What was to be stopped had not started, or will be found by its data directory.
}
