import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Failure } from '@vectorizer/errors';
import { runDirectory } from './state-file.ts';

/** A process of an instance: how it is started, and where it says that it is ready. */
export type ProcessSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly readyUrl: string;
};

export type Topology = {
  readonly mode: 'standalone' | 'cluster';
  readonly url: string;
  /** In the order of starting; stopped in the opposite one. Each group is started at once. */
  readonly groups: readonly (readonly ProcessSpec[])[];
};

export type TopologyOptions = {
  readonly mode: 'standalone' | 'cluster';
  readonly port: number;
  readonly data: string;
  /** Index nodes; from three on, so many log servers keep every log, too, up to three. */
  readonly nodes: number;
  readonly natsServer: string;
  /** What the services read from their environment, but for what is decided here. */
  readonly settings: Readonly<Record<string, string>>;
};

/**
 * What keeps a service small, measured with 50,000 vectors of 256 dimensions: 306 MB instead of 447, at the same speed.
 * V8 would let its young generation grow to 100 MB; glibc would keep an arena for each thread, and what is freed in it.
 */
const NODE_FLAGS = ['--max-semi-space-size=8'];
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
const HOST = '127.0.0.1';
const repository = resolve(import.meta.dirname, '../../../..');
const configuration = join(repository, 'infra/nats/nats.conf');

/** Decides ports and command lines. Only the public port is chosen by the user; the others are whatever is free. */
export async function planTopology(options: TopologyOptions): Promise<Topology> {
  const port = await publicPort(options.port);
  const servers = await planLogServers(options);
  const common = {
    ...options.settings,
    VECTORIZER_NATS_URL: servers.map(({ url }) => url).join(','),
    VECTORIZER_NATS_MONITOR_URL: servers[0]?.monitorUrl ?? '',
    VECTORIZER_LOG_REPLICAS: String(servers.length),
    VECTORIZER_HOST: HOST,
  };
  const service = (name: string, at: number, environment: Record<string, string> = {}): ProcessSpec => ({
    name,
    command: process.execPath,
    args: [...NODE_FLAGS, join(repository, 'apps', name.replace(/-\d+$/, ''), 'dist/main.js')],
    environment: { ...ALLOCATOR, ...common, VECTORIZER_PORT: String(at), ...environment },
    readyUrl: `http://${HOST}:${at}/health/ready`,
  });
  const url = `http://${HOST}:${port}`;
  const logServers = servers.map(({ spec }) => spec);
  if (options.mode === 'standalone') {
    const standalone = service('standalone', port, { VECTORIZER_DATA: indexDirectory(options.data, 1) });
    return { mode: 'standalone', url, groups: [logServers, [standalone]] };
  }
  const indexes = await Promise.all(
    Array.from({ length: options.nodes }, async (_, i) =>
      service(`index-${i + 1}`, await freePort(), { VECTORIZER_DATA: indexDirectory(options.data, i + 1) }),
    ),
  );
  const inner = await Promise.all(
    ['ingest', 'query', 'replication-monitor'].map(async (name) => service(name, await freePort())),
  );
  return { mode: 'cluster', url, groups: [logServers, [...indexes, ...inner], [service('gateway', port)]] };
}

/** From three index nodes on, so many log servers keep every log. */
export function logServerCount(nodes: number): number {
  return nodes >= 3 ? 3 : 1;
}

/** One process has the first of the directories, so that it and a cluster of one node find each other's data. */
function indexDirectory(data: string, node: number): string {
  return join(data, `index-${node}`);
}

type LogServer = { readonly url: string; readonly monitorUrl: string; readonly spec: ProcessSpec };

/** One server, or three that elect leaders among themselves. */
async function planLogServers({ data, nodes, natsServer }: TopologyOptions): Promise<LogServer[]> {
  const count = logServerCount(nodes);
  const places = await Promise.all(
    Array.from({ length: count }, async (_, i) => ({
      name: count === 1 ? 'nats' : `nats-${i + 1}`,
      port: await freePort(),
      monitorPort: await freePort(),
      routePort: await freePort(),
    })),
  );
  const routes = places.map(({ routePort }) => `nats://${HOST}:${routePort}`);
  return places.map(({ name, port, monitorPort, routePort }) => {
    const pidFile = join(runDirectory(data), `${name}.pid`);
    const cluster = [
      '--cluster_name',
      'vectorizer',
      '--cluster',
      `nats://${HOST}:${routePort}`,
      '--routes',
      routes.join(),
    ];
    return {
      url: `nats://${HOST}:${port}`,
      monitorUrl: `http://${HOST}:${monitorPort}`,
      spec: {
        name,
        command: natsServer,
        args: ['-c', configuration, '-P', pidFile, '--name', name, ...(count === 1 ? [] : cluster)],
        // The server reads these as values of its configuration language, in which strings stand in quotes.
        environment: {
          VECTORIZER_NATS_HOST: `"${HOST}"`,
          VECTORIZER_NATS_PORT: String(port),
          VECTORIZER_NATS_MONITOR_PORT: String(monitorPort),
          VECTORIZER_NATS_STORE: JSON.stringify(join(data, name)),
        },
        readyUrl: `http://${HOST}:${monitorPort}/healthz`,
      },
    };
  });
}

async function publicPort(port: number): Promise<number> {
  try {
    return await bindOnce(port);
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const reason = taken ? 'is taken' : `cannot be used: ${String(cause)}`;
    throw new Failure('service_unavailable', `port ${port} ${reason}; choose another with --port`, { cause });
  }
}

async function freePort(): Promise<number> {
  return bindOnce(0);
}

/** The port is free a moment later again; whoever takes it in between makes the start fail with a clear line. */
async function bindOnce(port: number): Promise<number> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : port;
}
