import { randomInt } from 'node:crypto';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findBinary, temporaryDirectory } from '@vectorizer/testing';
import { lastJson, runCommand } from '../system/command.ts';
import { openShell, type Shell } from './shell.ts';

export const root = resolve(import.meta.dirname, '../..');
const CLI = join(root, 'apps/cli/dist/main.js');
/** What a document that starts nothing else has at 15002, and where its `up` puts its data. */
export type Instance = {
  /** Of each gateway, and of each log server. */
  readonly ports: readonly number[];
  readonly logPorts: readonly number[];
  readonly data: string;
  readonly welcome: string;
};

/** A directory to follow a document in, with a `vectorizer` that starts what the document says on other ports. */
export type Place = AsyncDisposable & {
  readonly shell: Shell;
  /** With the ports that it names replaced by those that are used. */
  translated(command: string): string;
  write(file: string, text: string): Promise<void>;
};

/** Starts a system that documents may share. */
export async function startShared(args: readonly string[], data: string): Promise<Instance & AsyncDisposable> {
  const { code, out, err } = await runCommand(...args, '--port', '0', '--data', data, '--detach');
  if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`);
  const status = lastJson(await runCommand('status', '--data', data, '--json')) as Record<
    'urls' | 'log_urls',
    string[]
  >;
  const stop = async (): Promise<void> => void (await runCommand('down', '--data', data));
  const ports = { ports: portsOf(status.urls), logPorts: portsOf(status.log_urls) };
  return { ...ports, data, welcome: out, [Symbol.asyncDispose]: stop };
}

function portsOf(urls: readonly string[]): number[] {
  return urls.map((url) => Number(new URL(url).port));
}

/** Of the instances that it shares the document finds the data in these, in this order. */
const DATA = ['data', 'cluster'];
const LINKS = ['docs', 'infra', 'packages', 'apps', 'benches', 'tests'];

/** Without an instance the document starts its own, which are stopped at its end. */
export async function openPlace(shared: readonly Instance[]): Promise<Place> {
  const directory = await temporaryDirectory();
  const { path } = directory;
  await mkdir(join(path, '.home'));
  // An answer that is an error makes curl fail, so that no example can show a request that is refused without saying so.
  await writeFile(join(path, '.home/.curlrc'), 'fail-with-body\nsilent\n');
  await symlink(join(root, 'tests/node_modules'), join(path, 'node_modules'));
  for (const name of LINKS) await symlink(join(root, name), join(path, name));
  for (const [i, { data }] of shared.entries()) await symlink(data, join(path, DATA[i] ?? ''));
  await writeFile(join(path, 'vectorizer'), standIn(shared), { mode: 0o755 });
  const ports = await portsFor(shared);
  const shell = await openShell(path, environment(path, ports.get('15002') ?? ''));
  return {
    shell,
    translated: (command) => command.replaceAll(/\b(?:15[01]0[23]|4222|9090)\b/g, (port) => ports.get(port) ?? port),
    write: async (file, text) => writeFile(join(path, file), text),
    async [Symbol.asyncDispose]() {
      await shell[Symbol.asyncDispose]();
      if (shared.length === 0) await stopAllIn(path);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/**
 * The repository's own command, but that what it starts is built already, on the port of the document's system and in the
 * background; of a shared system, its first words again.
 */
function standIn(shared: readonly Instance[]): string {
  const start = `exec node ${CLI} "$@" --detach $port`;
  const [one, cluster] = [shared[0], shared.at(-1)].map((each) =>
    each === undefined ? start : `cat <<'WELCOME'\n${each.welcome}WELCOME`,
  );
  return `#!/bin/sh
case "$*" in *--port*) port= ;; *) port="--port $FIRST_PORT" ;; esac
case "$1 \${2:-}" in
  up*)
    ${one}
    ;;
  "cluster up")
    ${cluster}
    ;;
  test* | chaos* | bench*) echo "vectorizer: $1 takes minutes and is not followed here" >&2; exit 1 ;;
  *) exec ${join(root, 'vectorizer')} "$@" ;;
esac
`;
}

function environment(path: string, port: string): Record<string, string> {
  const tools = ['nats-cli', 'prometheus/bin'].map((name) => join(root, '.tools', name));
  return {
    PATH: [path, dirname(process.execPath), ...tools, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: join(path, '.home'),
    PYTHONPATH: join(root, '.tools/python'),
    FIRST_PORT: port,
    VECTORIZER_NATS_SERVER: findBinary('nats-server', 'nats'),
    VECTORIZER_REDIS_SERVER: findBinary('redis-server', 'redis/bin'),
  };
}

async function stopAllIn(path: string): Promise<void> {
  const names = await readdir(path, { withFileTypes: true });
  for (const each of names) if (each.isDirectory()) await runCommand('down', '--data', join(path, each.name));
}

/** By the port that documents name: gateways of a first and of a second system, and the first's log server. */
async function portsFor([first, second]: readonly Instance[]): Promise<Map<string, string>> {
  const [one, two] = first?.ports ?? (await twoFreePorts());
  const [three, four] = second?.ports ?? (await twoFreePorts());
  const [prometheus] = await twoFreePorts();
  const used = {
    9090: prometheus,
    15_002: one,
    15_003: two ?? one,
    15_102: three,
    15_103: four ?? three,
    4222: first?.logPorts[0] ?? 4222,
  };
  return new Map(Object.entries(used).map(([named, port]) => [named, String(port)]));
}

/** As instances choose theirs; a second gateway has the port after the first's. */
const [FIRST_PORT, LAST_PORT] = [16_384, 32_766];

async function twoFreePorts(): Promise<readonly [number, number]> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if ((await isFree(port)) && (await isFree(port + 1))) return [port, port + 1];
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((answer) => {
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
}
