import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { Failure } from '@vectorizer/errors';
import { wholeNumber } from '../data/flags.ts';
import { stopInstance } from './down.ts';
import { instanceStatus, type InstanceStatus } from './status.ts';
import { detachInstance, runInstance, type UpOptions } from './up.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type UpFlags = {
  readonly port: number;
  readonly data: string;
  readonly nodes?: number;
  readonly detach?: boolean;
  readonly json?: boolean;
};

/** As services managers count: 3 is "not running". */
const EXIT_NOT_RUNNING = 3;

export function registerProcessCommands(program: Command, environment: Environment): void {
  const up = program.command('up').description('start the database as one process, with its log server');
  upOptions(up).action(async (flags: UpFlags) => start('standalone', flags, environment));

  const cluster = program.command('cluster').description('the services as processes of their own');
  const nodes = new Option('--nodes <n>', 'index nodes; from three on, three log servers')
    .argParser(wholeNumber(1, 100))
    .default(1);
  upOptions(cluster.command('up').addOption(nodes)).action(async (flags: UpFlags) =>
    start('cluster', flags, environment),
  );

  const data = new Option('--data <directory>', 'data directory').default('./data');
  program
    .command('down')
    .description('stop what runs on a data directory')
    .addOption(data)
    .action(async (flags: { data: string }) => {
      const stopped = await stopInstance(resolve(flags.data));
      print(stopped ? 'stopped' : 'nothing was running');
    });
  program
    .command('status')
    .description('what runs on a data directory, and how it is')
    .addOption(data)
    .option('--json', 'one JSON object')
    .action(async (flags: { data: string; json?: boolean }) => {
      const status = await instanceStatus(resolve(flags.data));
      print(flags.json ? JSON.stringify(status) : describeStatus(status));
      if (!status.running) process.exitCode = EXIT_NOT_RUNNING;
    });
}

function upOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--port <port>', 'public port; 0 takes any').argParser(wholeNumber(0, 65_535)).default(15_002),
    )
    .option('--data <directory>', 'data directory', './data')
    .option('--detach', 'run in the background; answer when ready')
    .option('--json', 'the last line is one JSON object: url, pid, data');
}

async function start(mode: UpOptions['mode'], flags: UpFlags, environment: Environment): Promise<void> {
  const natsServer = environment['VECTORIZER_NATS_SERVER'];
  if (natsServer === undefined)
    throw new Failure('service_unavailable', 'start with ./vectorizer, which brings the log server');
  const data = resolve(flags.data);
  const { port, nodes = 1 } = flags;
  if (flags.detach) {
    const args = process.argv.slice(2).filter((argument) => argument !== '--detach' && argument !== '--json');
    const { url, supervisor } = await detachInstance(data, args);
    print(
      flags.json
        ? JSON.stringify({ url, pid: supervisor.pid, data })
        : welcome({ url, data, stop: `./vectorizer down --data ${data}` }),
    );
    return;
  }
  await runInstance(
    { mode, port, data, nodes, natsServer, settings: settingsOf(environment) },
    {
      say: (line) => process.stderr.write(`vectorizer: ${line}\n`),
      onReady: (url) => {
        print(flags.json ? JSON.stringify({ url, pid: process.pid, data }) : welcome({ url, data, stop: 'Ctrl-C' }));
      },
    },
  );
}

/** What is for this command and its children, but for no service. */
const NOT_SETTINGS: readonly string[] = ['VECTORIZER_NATS_SERVER', 'VECTORIZER_REDIS_SERVER', 'VECTORIZER_API_KEY'];

/** What is set for the services, as in a container: each reads what concerns it, and refuses what it cannot use. */
function settingsOf(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]): [string, string][] =>
      name.startsWith('VECTORIZER_') && !NOT_SETTINGS.includes(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function welcome({ url, data, stop }: { readonly url: string; readonly data: string; readonly stop: string }): string {
  return [
    `Vectorizer is ready at ${url}`,
    `data in ${data}, logs in ${data}/run; open to everybody on this machine (no keys are configured)`,
    `first steps:  curl -s ${url}/api/v1/collections`,
    `to stop it:   ${stop}`,
  ].join('\n');
}

function describeStatus(status: InstanceStatus): string {
  if (status.url === undefined) return `nothing runs on ${status.data}`;
  const health = [status.health, ...(status.failed_checks ?? [])].join(' ');
  return [
    `${status.running ? 'running' : 'not running'}: ${status.mode} at ${status.url}, ${health}`,
    `data in ${status.data}`,
    ...status.processes.map(({ name, pid, alive }) => `  ${name.padEnd(20)} ${pid}${alive ? '' : ' (gone)'}`),
  ].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
