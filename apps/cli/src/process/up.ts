import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDirectory } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import { trustAuthorityIn } from '../trust.ts';
import { BoundedLogs } from './bounded-logs.ts';
import { carryOut, ControlDoor } from './control.ts';
import { Links } from './links.ts';
import { makeDirectory } from './make-directory.ts';
import { Ports } from './ports.ts';
import { isAlive, stopProcess } from './processes.ts';
import { checkShape } from './shape.ts';
import { readState, runDirectory, type InstanceState } from './state-file.ts';
import { Supervisor } from './supervisor.ts';
import { TlsPlan } from './tls-plan.ts';
import { planTopology, type TopologyOptions } from './topology.ts';

export type UpOptions = Omit<TopologyOptions, 'links' | 'tls'> & {
  /** A directory of certificates, made where it is missing; undefined: everything is in the clear. */
  readonly certificates: string | undefined;
  /** The services' connections can be cut. */
  readonly faults: boolean;
};
type Say = (line: string) => void;
type Voice = { readonly say: Say; readonly onReady: (urls: readonly string[]) => Promise<void> };

const CERTIFICATE_DAYS = 365;
const LEFTOVER_MS_MAX = 10_000;
const READY_POLL_MS = 50;

/** Runs an instance until a signal or a failure; `onReady` is told once everything is. */
export async function runInstance(options: UpOptions, how: Voice): Promise<void> {
  const data = resolve(options.data);
  await prepareDirectory(data);
  const lock = await lockDirectory(runDirectory(data), `data directory ${data}`);
  const ports = new Ports();
  try {
    await superviseInstance({ ...options, data }, { ...how, ports });
  } finally {
    await ports.close();
    await lock.release();
  }
}

async function superviseInstance(options: UpOptions, how: Voice & { readonly ports: Ports }): Promise<void> {
  const { data } = options;
  await stopLeftovers(data, how.say);
  await checkShape(data, options.mode === 'standalone' ? 1 : options.nodes);
  const links = options.faults ? new Links() : undefined;
  const tls = await secure(options.certificates, how.say);
  const topology = await planTopology({ ...options, links, tls }, how.ports);
  const supervisor = new Supervisor(topology, { data, say: how.say, links });
  const told = toldToStop();
  await using _ = new BoundedLogs(runDirectory(data), how.say);
  try {
    await Promise.race([supervisor.start(), told]);
    const door = await ControlDoor.open(data, async (order) => carryOut(order, { supervisor, links }));
    await how.onReady(topology.urls);
    await Promise.race([told, supervisor.failed]).finally(async () => door.close());
  } finally {
    links?.mendAll();
    await supervisor.stop();
    await links?.close();
  }
}

/** Starts this very command again in the background, and answers the instance's state once it is ready. */
export async function detachInstance(data: string, args: readonly string[]): Promise<InstanceState> {
  await prepareDirectory(data);
  const logFile = join(runDirectory(data), 'supervisor.log');
  const log = await open(logFile, 'a');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(child, 'spawn');
  await log.close();
  let ended = false;
  void once(child, 'exit').then(() => (ended = true));
  for (;;) {
    const state = await readState(data);
    if (state !== undefined && state.supervisor.pid === child.pid && state.phase === 'ready') {
      child.unref();
      if (state.ca_file !== undefined) await trustAuthorityIn(state.ca_file);
      return state;
    }
    if (ended) throw new Failure('service_unavailable', await whyNot(logFile));
    await sleep(READY_POLL_MS);
  }
}

async function prepareDirectory(data: string): Promise<void> {
  try {
    await makeDirectory(runDirectory(data));
    await access(runDirectory(data), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Failure('storage_error', `data directory ${data} is not writable`, { cause });
  }
}

async function secure(directory: string | undefined, say: Say): Promise<TlsPlan | undefined> {
  if (directory === undefined) return undefined;
  // Not needed where nothing is encrypted, and slow to load.
  const { hasCertificates, writeCertificates } = await import('../certs/certificates.ts');
  if (!(await hasCertificates(directory))) {
    await writeCertificates({ directory, hosts: [], days: CERTIFICATE_DAYS, keeps: true });
    say(`certificates of a development authority are in ${directory}; those that were missing are new`);
  }
  const plan = await TlsPlan.of(directory);
  await trustAuthorityIn(plan.authority);
  return plan;
}

/** Processes that outlived a supervisor which was killed: they hold the directory's files. */
async function stopLeftovers(data: string, say: Say): Promise<void> {
  const state = await readState(data);
  const left = (state?.processes ?? []).filter(isAlive).toReversed();
  for (const { name, ...identity } of left) {
    say(`stopping ${name} (${identity.pid}), left over from a run that was killed`);
    await stopProcess(identity, LEFTOVER_MS_MAX);
  }
}

async function toldToStop(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process, 'SIGHUP')]);
}

async function whyNot(logFile: string): Promise<string> {
  const log = await open(logFile);
  const text = await log.readFile('utf8');
  await log.close();
  return (
    text
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^vectorizer: /, '') ?? 'it ended and said nothing'
  );
}
