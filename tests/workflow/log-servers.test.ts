import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { clusterId, connectNats, trustAuthority, type NatsConnection } from '@vectorizer/cluster';
import {
  findBinary,
  freePort,
  ServerProcess,
  startNats,
  temporaryDirectory,
  until,
  type NatsServer,
} from '@vectorizer/testing';
import { runCommand } from '../system/command.ts';
import { tlsFiles } from '../system/secure.ts';

/** Log servers with the configuration that is deployed, and nothing else of an instance. */
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const certificates = (): string => join(directory.path, 'certs');
const root = resolve(import.meta.dirname, '../..');
const configuration = resolve(root, 'infra/nats/nats-tls.conf');

beforeAll(async () => {
  directory = await temporaryDirectory();
  const { code, err } = await runCommand('certs', 'init', '--dir', certificates());
  if (code !== 0) throw new Error(err);
  trustAuthority(await readFile(join(certificates(), 'ca.crt'), 'utf8'));
});
afterAll(async () => directory[Symbol.asyncDispose]());

type LogServer = AsyncDisposable & {
  readonly servers: string;
  readonly log: () => Promise<string>;
  readonly routes: () => Promise<number>;
};
type LogServerOptions = {
  readonly name: string;
  /** Whose certificate it shows to log servers that it joins. */
  readonly joinsAs?: string;
  readonly route?: number;
  readonly joins?: number;
};

async function startLogServer({ name, joinsAs = 'routes', route, joins }: LogServerOptions): Promise<LogServer> {
  const [port, monitor] = [await freePort(), await freePort()];
  const log = join(directory.path, `${name}.log`);
  const values = {
    HOST: '"127.0.0.1"',
    PORT: port,
    MONITOR_PORT: monitor,
    STORE: JSON.stringify(join(directory.path, name)),
    CA_FILE: JSON.stringify(join(certificates(), 'ca.crt')),
    CERT_FILE: JSON.stringify(join(certificates(), 'nats.crt')),
    KEY_FILE: JSON.stringify(join(certificates(), 'nats.key')),
    ROUTE_CA_FILE: JSON.stringify(join(certificates(), 'routes-ca.crt')),
    ROUTE_CERT_FILE: JSON.stringify(join(certificates(), `${joinsAs}.crt`)),
    ROUTE_KEY_FILE: JSON.stringify(join(certificates(), `${joinsAs}.key`)),
  };
  const cluster = route === undefined ? [] : ['--cluster_name', 'vectorizer', '--cluster', place(route)];
  const joined = joins === undefined ? [] : ['--routes', place(joins)];
  const monitoring = `https://127.0.0.1:${monitor}`;
  const server = new ServerProcess(
    'env',
    [
      ...Object.entries(values).map(([variable, value]) => `VECTORIZER_NATS_${variable}=${value}`),
      findBinary('nats-server', 'nats'),
      '-c',
      configuration,
      '--name',
      name,
      '-l',
      log,
      ...cluster,
      ...joined,
    ],
    () =>
      until(async () => (await fetch(`${monitoring}/varz`).catch(() => undefined))?.ok === true, {
        what: `log server ${name} being there`,
      }),
  );
  await server.start();
  return {
    servers: place(port),
    log: async () => readFile(log, 'utf8'),
    routes: async () => ((await (await fetch(`${monitoring}/routez`)).json()) as { num_routes: number }).num_routes,
    [Symbol.asyncDispose]: async () => server.kill(),
  };
}

function place(port: number): string {
  return `nats://127.0.0.1:${port}`;
}

async function connectAs(name: string, { servers }: LogServer): Promise<NatsConnection> {
  return connectNats({ servers, name, tls: tlsFiles(certificates(), name) });
}

describe('log servers with certificates', () => {
  it('are joined by nobody but log servers, whatever certificate of a service or a producer is shown', async () => {
    const [route, other] = [await freePort(), await freePort()];
    await using first = await startLogServer({ name: 'first', route, joins: other });
    for (const joinsAs of ['producer', 'gateway', 'operator', 'nats']) {
      const before = refusalsIn(await first.log());
      await using stranger = await startLogServer({
        name: `as-${joinsAs}`,
        joinsAs,
        route: await freePort(),
        joins: route,
      });
      await until(async () => refusalsIn(await first.log()) > before, { what: `${joinsAs} being refused` });
      expect([joinsAs, await first.routes(), await stranger.routes()]).toEqual([joinsAs, 0, 0]);
    }
    await using second = await startLogServer({ name: 'second', route: other, joins: route });
    await until(async () => (await first.routes()) > 0 && (await second.routes()) > 0, { what: 'one that joins' });
  });

  it('take no client by the certificate of a log server that joins', async () => {
    await using server = await startLogServer({ name: 'alone' });
    await expect(connectAs('routes', server)).rejects.toThrow('no log server');
  });

  it('send acknowledgements where a producer says, which docs/TLS.md tells of, but take none for a request', async () => {
    await using server = await startLogServer({ name: 'acknowledging' });
    const operator = await connectAs('operator', server);
    const { streams } = await jetstreamManager(operator);
    await streams.add({ name: 'VZ_PRODUCER_EVENTS', subjects: ['vectorizer.events.>'] });
    await streams.add({ name: 'KV_vz_keys', subjects: ['$KV.vz_keys.>'] });
    await operator.request('$KV.vz_keys.abc', '{}');
    const kept = async (name: string): Promise<number> => (await streams.info(name)).state.messages;
    const producer = await connectAs('producer', server);
    const send = (reply: string): void => producer.publish('vectorizer.events.books.upsert', '{}', { reply });
    // An acknowledgement has the number of a message, as these have.
    for (const api of ['PURGE', 'MSG.DELETE', 'DELETE']) send(`$JS.API.STREAM.${api}.KV_vz_keys`);
    send('$KV.vz_keys.def');
    await until(async () => (await kept('VZ_PRODUCER_EVENTS')) === 4, { what: 'four events' });
    await until(async () => (await kept('KV_vz_keys')) >= 2, { what: 'the acknowledgement of the fourth' });
    expect(await kept('KV_vz_keys')).toBe(2);
    await Promise.all([operator.close(), producer.close()]);
  });
});

describe('log servers of another cluster', () => {
  it('are left by a service that comes to them, with a line that says so', async () => {
    await using here = await startNats();
    await using there = await startNats();
    const names = new Map<NatsServer, string>();
    for (const server of [here, there]) {
      const connection = await connectNats({ servers: server.url, name: 'query' });
      names.set(server, await clusterId({ connection, replicas: 1 }));
      await connection.close();
    }
    const environment = {
      VECTORIZER_PORT: String(await freePort()),
      VECTORIZER_NATS_URL: `${here.url},${there.url}`,
      VECTORIZER_LOG_REPLICAS: '1',
    };
    const service = spawn(process.execPath, [resolve(root, 'apps/query/dist/main.js')], { env: environment });
    await using _ = { [Symbol.asyncDispose]: async () => void service.kill('SIGKILL') };
    const ended = once(service, 'exit');
    let said = '';
    service.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('"listening"'), { what: 'the service being there' });
    const [own, other] = (await clientsOf(here)) > 0 ? [here, there] : [there, here];
    await own.kill();
    expect(await ended).toEqual([1, null]);
    expect(said).toContain(`these log servers are of cluster ${names.get(other)} now`);
  });
});

async function clientsOf({ monitorUrl }: NatsServer): Promise<number> {
  return ((await (await fetch(`${monitorUrl}/connz`)).json()) as { num_connections: number }).num_connections;
}

function refusalsIn(log: string): number {
  return log.match(/TLS route handshake error/g)?.length ?? 0;
}
