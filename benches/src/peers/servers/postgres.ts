import { execFile } from 'node:child_process';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, type QueryResultRow } from 'pg';
import { freePort, ServerProcess, temporaryDirectory, until } from '@vectorizer/testing';
import { SELECTIVITIES } from '../../data/payload.ts';
import { PATIENCE_MS } from '../../setting.ts';
import { GRAPH, type PeerServer } from '../peer.ts';
import { binaryOf } from './binaries.ts';
import { postgresOptions } from './postgres-connection.ts';
import { family } from './processes.ts';

const TABLE = 'bench';
/** It refuses to run as root. */
const NOBODY = 65_534;
const SETTINGS = {
  shared_buffers: '512MB',
  maintenance_work_mem: '1GB',
  max_parallel_maintenance_workers: '2',
  jit: 'off',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
};

export async function startPostgresPeer(): Promise<PeerServer> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    await chmod(path, 0o755);
    await chown(path, NOBODY, NOBODY);
  }
  const directory = join(path, 'data');
  const commandOf = (name: string, args: readonly string[]): [string, ...string[]] => {
    const plain: [string, ...string[]] = [binaryOf(name), ...args];
    return asRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...plain] : plain;
  };
  const [init, ...initArgs] = commandOf('initdb', [
    '-D',
    directory,
    '-U',
    'postgres',
    '-A',
    'trust',
    '--no-locale',
    '-E',
    'UTF8',
  ]);
  await promisify(execFile)(init, initArgs, { cwd: path });
  const port = await freePort();
  const options = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const [command, ...args] = commandOf('postgres', ['-D', directory, ...options]);
  const ready = (): Promise<void> =>
    until(() => isReady(port), { timeoutMs: PATIENCE_MS, what: 'PostgreSQL being ready' });
  const server = new ServerProcess(command, args, ready);
  await server.start();
  // A crash of its own leaves processes behind for a moment; SIGTERM in `restart` waits for clients that are gone by then.
  stack.defer(() => server.stop());
  await ask(port, 'CREATE EXTENSION vector');
  const [versions] = await ask<{ readonly version: string; readonly vector: string }>(
    port,
    `SELECT current_setting('server_version') AS version, extversion AS vector FROM pg_extension WHERE extname = 'vector'`,
  );
  const held = stack.move();
  return {
    name: 'postgres',
    title: `PostgreSQL ${versions?.version.split(' ')[0] ?? ''}, pgvector ${versions?.vector ?? ''}`,
    settings:
      'shared_buffers 512 MB; the graph built after the load by 2 workers in 1 GB; iterative_scan relaxed_order',
    directory,
    target: () => ({ peer: 'postgres', port, collection: TABLE }),
    async create(dimension) {
      const fields = SELECTIVITIES.map(({ field }) => `${field} int`).join(', ');
      await ask(port, `CREATE TABLE ${TABLE} (id int PRIMARY KEY, vector vector(${dimension}), ${fields})`);
    },
    async finish() {
      const { m, efConstruction } = GRAPH;
      await ask(
        port,
        `CREATE INDEX ON ${TABLE} USING hnsw (vector vector_ip_ops) WITH (m = ${m}, ef_construction = ${efConstruction})`,
      );
      for (const { field } of SELECTIVITIES) await ask(port, `CREATE INDEX ON ${TABLE} (${field})`);
      await ask(port, `VACUUM ANALYZE ${TABLE}`);
    },
    pids: () => family(server.pid),
    async restart() {
      await server.stop();
      await server.start();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    await ask(port, 'SELECT 1');
    return true;
  } catch {
    // It does not listen yet, or is reading its log.
    return false;
  }
}

async function ask<Row extends QueryResultRow>(port: number, text: string): Promise<Row[]> {
  const client = new Client(postgresOptions(port));
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
