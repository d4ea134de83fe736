import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Environment } from '@vectorizer/settings';
import { addSettingFlags } from '../config/setting-flags.ts';
import { wholeNumber } from '@vectorizer/command-line';
import { dataOption } from './data-option.ts';
import { stopInstance } from './down.ts';
import { registerFaultCommands } from './fault-commands.ts';
import { isForInstance, readInstanceSettings } from './instance-settings.ts';
import { HOST } from './ports.ts';
import { instanceStatus, type InstanceStatus } from './status.ts';
import { detachInstance, runInstance, type UpOptions } from './up.ts';

type UpFlags = {
  readonly data: string;
  readonly initKey?: string;
  readonly nodes?: number;
  readonly shards?: number;
  readonly replicas?: number;
  readonly faults?: boolean;
  readonly tls?: boolean;
  readonly certs?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
};

const ASK_MS_MAX = 5_000;
/** As services managers count: 3 is "not running". */
const EXIT_NOT_RUNNING = 3;

export function registerProcessCommands(program: Command, environment: Environment): void {
  const up = program.command('up').description('start the database as one process, with its log server');
  upOptions(up).action(async (flags: UpFlags, command: Command) =>
    start('standalone', flags, { command, environment }),
  );
  registerDown(program);
  registerStatus(program);

  const cluster = program.command('cluster').description('the services as processes of their own');
  upOptions(clusterOptions(cluster.command('up'))).action(async (flags: UpFlags, command: Command) =>
    start('cluster', flags, { command, environment }),
  );
  registerDown(cluster);
  registerStatus(cluster);
  registerFaultCommands(cluster);
}

function registerDown(parent: Command): void {
  parent
    .command('down')
    .description('stop what runs on a data directory')
    .addOption(dataOption())
    .action(async (flags: { data: string }) => {
      const stopped = await stopInstance(resolve(flags.data));
      print(stopped ? 'stopped' : 'nothing was running');
    });
}

function registerStatus(parent: Command): void {
  parent
    .command('status')
    .description('what runs on a data directory, and how it is')
    .addOption(dataOption())
    .option('--json', 'one JSON object')
    .action(async (flags: { data: string; json?: boolean }) => {
      const status = await instanceStatus(resolve(flags.data));
      print(flags.json ? JSON.stringify(status) : describeStatus(status));
      if (!status.running) process.exitCode = EXIT_NOT_RUNNING;
    });
}

function clusterOptions(command: Command): Command {
  const nodes = numberOption(
    'nodes',
    100,
    'index nodes; from two on, two of each service, from three on, three log servers',
  );
  const shards = numberOption('shards', limits.shardsMax, 'of a collection that does not say (default_shards)');
  const replicas = 'of each shard, likewise (default_replicas; default: 2, or 1 on one node)';
  return command
    .addOption(nodes.default(1))
    .addOption(shards)
    .addOption(numberOption('replicas', limits.replicationFactorMax, replicas))
    .option('--faults', "let the services' connections be cut (cluster cut)");
}

function numberOption(flag: string, max: number, what: string): Option {
  return new Option(`--${flag} <n>`, what).argParser(wholeNumber(1, max));
}

function upOptions(command: Command): Command {
  command
    .addOption(
      new Option('--port <port>', 'public port; 0 takes any (default: 15002)').argParser(wholeNumber(0, 65_535)),
    )
    .option('--host <address>', `public address; one that others can reach takes a key (default: ${HOST})`)
    .option(
      '--init-key <file>',
      'the first key, where there is none: the one in it, or one that is made and written there',
    )
    .addOption(dataOption())
    .option('--tls', 'encrypt everything between processes, and know who each is by its certificate')
    .option(
      '--certs <directory>',
      'made by `certs init`, and by --tls where it is missing (default: certs in the data directory)',
    )
    .option('--detach', 'run in the background; answer when ready')
    .option('--json', 'the last line is one JSON object: url, urls, pid, data');
  const own = ['host', 'port'];
  return addSettingFlags(command, (name) => isForInstance(name) && !own.includes(name));
}

type Told = { readonly command: Command; readonly environment: Environment };

async function start(mode: UpOptions['mode'], flags: UpFlags, { command, environment }: Told): Promise<void> {
  const settings = readInstanceSettings(mode, command, environment);
  const natsServer = environment['VECTORIZER_NATS_SERVER'];
  if (natsServer === undefined)
    throw new Failure('service_unavailable', 'start with ./vectorizer, which brings the log server');
  const data = resolve(flags.data);
  const show = async (urls: readonly string[], pid: number, stop: string): Promise<void> => {
    if (flags.json) return print(JSON.stringify({ url: urls[0], urls, pid, data }));
    print(welcome({ urls, data, stop, open: await isOpen(urls[0] ?? '') }));
  };
  if (flags.detach) {
    const args = process.argv.slice(2).filter((argument) => argument !== '--detach' && argument !== '--json');
    const { urls, supervisor } = await detachInstance(data, args);
    await show(urls, supervisor.pid, `./vectorizer down --data ${data}`);
    return;
  }
  const { edge, isSet, handedOn } = settings;
  const { nodes = 1, shards = edge.default_shards, faults = false } = flags;
  const { replicas = isSet('default_replicas') ? edge.default_replicas : Math.min(nodes, 2) } = flags;
  if (mode === 'cluster' && replicas > nodes)
    throw new Failure('validation_error', `${replicas} replicas need as many nodes, not ${nodes}`);
  const certificates = certificatesOf(data, flags);
  const servers = { natsServer, redisServer: environment['VECTORIZER_REDIS_SERVER'] };
  const shape = { mode, host: edge.host, port: edge.port, nodes, shards, replicas, faults };
  await runInstance(
    { ...shape, data, certificates, ...servers, settings: { ...handedOn, ...firstKeyIn(flags) } },
    {
      say: (line) => process.stderr.write(`vectorizer: ${line}\n`),
      onReady: async (urls) => show(urls, process.pid, 'Ctrl-C'),
    },
  );
}

function certificatesOf(data: string, { tls, certs }: UpFlags): string | undefined {
  if (certs !== undefined) return resolve(certs);
  return tls === true ? join(data, 'certs') : undefined;
}

function firstKeyIn({ initKey }: UpFlags): Record<string, string> {
  return initKey === undefined ? {} : { VECTORIZER_BOOTSTRAP_KEY_FILE: resolve(initKey) };
}

/** Whether it lets somebody in who brings no key. */
async function isOpen(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/api/v1/auth/me`, { signal: AbortSignal.timeout(ASK_MS_MAX) });
  return answer.ok;
}

type Welcome = {
  readonly urls: readonly string[];
  readonly data: string;
  readonly stop: string;
  readonly open: boolean;
};

function welcome({ urls, data, stop, open }: Welcome): string {
  const who = open ? 'open to everybody on this machine (no keys are configured)' : 'open to those who have a key';
  const key = open ? '' : ' -H "Authorization: Bearer $(cat KEY_FILE)"';
  return [
    `Vectorizer is ready at ${urls.join(' and ')}`,
    `data in ${data}, logs in ${data}/run; ${who}`,
    `first steps:  curl -s${key} ${urls[0]}/api/v1/collections`,
    `to stop it:   ${stop}`,
  ].join('\n');
}

function describeStatus(status: InstanceStatus): string {
  if (status.urls === undefined) return `nothing runs on ${status.data}`;
  const health = [status.health, ...(status.failed_checks ?? [])].join(' ');
  return [
    `${status.running ? 'running' : 'not running'}: ${status.mode} at ${status.urls.join(' and ')}, ${health}`,
    `data in ${status.data}${status.log_urls === undefined ? '' : `, events to ${status.log_urls.join(' and ')}`}`,
    ...status.processes.map(describeProcess),
  ].join('\n');
}

function describeProcess({ name, pid, alive, state, cut, url }: InstanceStatus['processes'][number]): string {
  const how = alive || state === 'restarting' || state === 'held' ? state : 'gone';
  return `  ${name.padEnd(12)} ${String(pid).padEnd(8)} ${cut ? `${how}, cut` : how}  ${url}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
