import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerClient, type CollectionState } from '@vectorizer/client';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { credentialsFor, forgetKeyOf, keyArguments, useKeyOf } from './keys.ts';
import { lastJson, runCommand, startCommand } from './command.ts';
import { sendOrder, type Order } from './orders.ts';
import { isSecure, secureArguments } from './secure.ts';

type Started = { readonly url: string; readonly urls: readonly string[]; readonly pid: number; readonly data: string };
export type ProcessStatus = {
  readonly name: string;
  readonly pid: number;
  readonly alive: boolean;
  readonly state: 'running' | 'paused' | 'restarting' | 'held';
  readonly cut: boolean;
  /** Where it answers HTTP: health and metrics of a service, monitoring of a log server. */
  readonly url: string;
};
export type Status = {
  readonly running: boolean;
  readonly pid: number;
  readonly health: string;
  readonly processes: readonly ProcessStatus[];
};
/** As `cluster up` takes them; from two nodes on there are two of each service, from three on three log servers. */
export type ClusterShape = {
  readonly nodes: number;
  readonly shards?: number;
  readonly replicas?: number;
  /** Connections can be cut. */
  readonly faults?: boolean;
  /** A directory of certificates, where it is encrypted whatever the others are. */
  readonly certificates?: string;
  /** Of the built tree that runs, when it is not this one. */
  readonly root?: string;
};

/** A running instance, driven only through its command line and its public API. */
export type System = AsyncDisposable & {
  /** Of the first gateway, and of each. */
  readonly url: string;
  readonly urls: readonly string[];
  readonly data: string;
  readonly client: VectorizerClient;
  status(): Promise<Status>;
  /** The process of this name (index-1, ingest-2, nats-3, redis, …), as it is now. */
  process(name: string): Promise<ProcessStatus>;
  /** Ends it by SIGKILL; a second later it is started again, or not until `start`. */
  kill(name: string, afterwards?: 'start' | 'hold'): Promise<void>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  start(name: string): Promise<void>;
  cut(name: string): Promise<void>;
  mend(name: string): Promise<void>;
  /** Returns when the process runs and says that it is ready. */
  ready(name: string): Promise<void>;
  /** Kills every process of the instance, the supervisor first, so that nothing is started again or stopped in order. */
  killEverything(): Promise<void>;
  down(): Promise<void>;
  /** Starts again on the same data and, so that clients find it, on the same port. */
  up(): Promise<void>;
};

/** On a busy machine a cluster of a dozen processes takes its time; beyond this it hangs. */
const START_MS_MAX = 150_000;
/** Of each log of an instance that does not start. */
const LINES_TOLD = 8;

export async function startSystem(
  shape: 'standalone' | 'cluster' | ClusterShape = 'standalone',
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<System> {
  const directory = await temporaryDirectory();
  const data = directory.path;
  const start = async (port: number): Promise<Started> => {
    const args = [...argumentsOf(shape), ...flags, '--port', String(port), '--data', data, '--detach', '--json'];
    const keys = hasOwnCertificates(shape) ? [] : keyArguments(data);
    const root = typeof shape === 'string' ? undefined : shape.root;
    const started = await startInstance([...args, ...keys], environment, root);
    if (keys.length > 0) await useKeyOf(data, started.urls);
    return started;
  };
  const { url, urls } = await start(0);
  const client = new VectorizerClient({ url: urls, ...credentialsFor(urls) });
  const status = async (): Promise<Status> => {
    const found = lastJson(await runCommand('status', '--data', data, '--json')) as Status;
    if (!hasOwnCertificates(shape)) await useKeyOf(data, servicesOf(found));
    return found;
  };
  if (isSecure) await status();
  const ask = async (verb: Order['verb'], name: string): Promise<void> => sendOrder(data, { verb, name });
  const find = async (name: string): Promise<ProcessStatus> => {
    const found = (await processesOf(data)).find((each) => each.name === name);
    if (found === undefined) throw new Error(`no process is named ${name}`);
    return found;
  };
  return {
    url,
    urls,
    data,
    client,
    status,
    process: find,
    kill: async (name, afterwards = 'start') => sendOrder(data, { verb: 'kill', name, hold: afterwards === 'hold' }),
    pause: async (name) => ask('pause', name),
    resume: async (name) => ask('resume', name),
    start: async (name) => ask('start', name),
    cut: async (name) => ask('cut', name),
    mend: async (name) => ask('mend', name),
    async ready(name) {
      const { url: at } = await find(name);
      const isThere =
        name === 'redis' ? async (): Promise<boolean> => (await find(name)).alive : () => isReady(name, at);
      await until(isThere, { what: `${name} being ready` });
    },
    async killEverything() {
      const { pid, processes } = await status();
      for (const victim of [pid, ...processes.map((each) => each.pid)]) process.kill(victim, 'SIGKILL');
      await until(async () => (await processesOf(data)).every(({ alive }) => !alive));
    },
    down: async () => succeed('down', '--data', data),
    async up() {
      await start(Number(new URL(url).port));
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await runCommand('down', '--data', data);
      await forgetKeyOf(data);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** As `status` tells them, from the file that it reads too: on a busy machine a command takes seconds to start. */
async function processesOf(data: string): Promise<ProcessStatus[]> {
  const text = await readFile(join(data, 'run/state.json'), 'utf8');
  const { processes } = JSON.parse(text) as { processes: Omit<ProcessStatus, 'alive'>[] };
  return processes.map((each) => ({ ...each, alive: isAlive(each.pid) }));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Such an instance is told by its test who may do what. */
function hasOwnCertificates(shape: 'standalone' | 'cluster' | ClusterShape): boolean {
  return typeof shape === 'object' && shape.certificates !== undefined;
}

/** Where our own processes answer. */
function servicesOf({ processes }: Status): readonly string[] {
  return processes.filter(({ name }) => !/^(nats|redis)/.test(name)).map(({ url }) => url);
}

function argumentsOf(shape: 'standalone' | 'cluster' | ClusterShape): readonly string[] {
  if (shape === 'standalone') return ['up', ...secureArguments()];
  if (shape === 'cluster') return ['cluster', 'up', '--nodes', '1', ...secureArguments()];
  const { nodes, shards, replicas, faults, certificates } = shape;
  const numbers = Object.entries({ nodes, shards, replicas }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, String(value)],
  );
  return ['cluster', 'up', ...numbers, ...(faults === true ? ['--faults'] : []), ...secureArguments(certificates)];
}

async function startInstance(
  args: readonly string[],
  environment: Record<string, string>,
  root: string | undefined,
): Promise<Started> {
  const command = startCommand(args, environment, root);
  const ended = await Promise.race([command.ended, sleep(START_MS_MAX, undefined, { ref: false })]);
  if (ended?.code === 0) return lastJson(ended) as Started;
  command.kill('SIGKILL');
  if (ended !== undefined) throw new Error(`cannot start: ${ended.err}`);
  const data = args[args.indexOf('--data') + 1] ?? '';
  throw new Error(`not ready within ${START_MS_MAX} ms\n${await lastLines(join(data, 'run'))}`);
}

/** What each process of an instance said last: it is gone with its directory otherwise. */
async function lastLines(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => /\.(log|json)$/.test(name));
  const told = names.map(async (name) => {
    const text = await readFile(join(directory, name), 'utf8');
    return `${name}:\n${text.trimEnd().split('\n').slice(-LINES_TOLD).join('\n')}`;
  });
  return (await Promise.all(told)).join('\n');
}

async function succeed(...args: readonly string[]): Promise<void> {
  const { code, err } = await runCommand(...args);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`);
}

async function isReady(name: string, url: string): Promise<boolean> {
  const path = name.startsWith('nats') ? '/healthz' : '/health/ready';
  const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  return answer?.ok === true;
}

/** The collection's state once every replica has applied all that was written, and its graph holds all of it. */
export async function settled(client: VectorizerClient, collection: string): Promise<CollectionState> {
  let state = await client.getCollection(collection);
  await until(
    async () => {
      state = await client.getCollection(collection);
      return state.shards.every(({ replicas }) =>
        replicas.every(({ phase, buffered }) => phase === 'following' && buffered === 0),
      );
    },
    { what: `${collection} being settled` },
  );
  return state;
}
