import { join, resolve } from 'node:path';
import { reachedAt } from './hosts.ts';
import type { Links } from './links.ts';
import { HOST, type Ports } from './ports.ts';
import { planCache, planLogServers, type PlannedServer } from './servers.ts';
import type { TlsPlan } from './tls-plan.ts';

/** A process of an instance: how it is started, and where it says that it is ready (HTTP), or takes connections (TCP). */
export type ProcessSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly readyUrl: string;
};

export type Topology = {
  readonly mode: 'standalone' | 'cluster';
  /** Of each gateway. */
  readonly urls: readonly string[];
  /** Of each log server, for who publishes events. */
  readonly logUrls: readonly string[];
  /** Who signed the certificates; undefined: everything is in the clear. */
  readonly authority: string | undefined;
  /** In the order of starting; stopped in the opposite one. Each group is started at once. */
  readonly groups: readonly (readonly ProcessSpec[])[];
};

export type TopologyOptions = {
  readonly mode: 'standalone' | 'cluster';
  /** Where the gateways listen; everything else does so on loopback. */
  readonly host: string;
  readonly port: number;
  readonly data: string;
  /** Index nodes; from two on, two of each other service; from three on, three log servers keep every log. */
  readonly nodes: number;
  /** What a collection has that is created without saying. */
  readonly shards: number;
  readonly replicas: number;
  readonly natsServer: string;
  /** Undefined where there is none: the queries' shared cache is then missing, and nothing else. */
  readonly redisServer: string | undefined;
  /** What the services' connections to the servers go through; undefined: they are direct. */
  readonly links: Links | undefined;
  /** With it everything between processes is encrypted, and each knows who the other is. */
  readonly tls: TlsPlan | undefined;
  /** What the services read from their environment, but for what is decided here. */
  readonly settings: Readonly<Record<string, string>>;
};

/**
 * What keeps a service small, measured with 50,000 vectors of 256 dimensions: 306 MB instead of 447, at the same speed.
 * V8 would let its young generation grow to 100 MB; glibc would keep an arena for each thread, and what is freed in it.
 * A search jumps all over its graph: in huge pages, which glibc asks the system for, it takes a tenth less time, and no more memory.
 */
const NODE_FLAGS = ['--max-semi-space-size=8'];
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};
const repository = resolve(import.meta.dirname, '../../../..');
/** Ahead of the service, so that libraries can be watched; it does nothing unless the environment says where spans go. */
const TRACING = join(repository, 'packages/telemetry/dist/tracing/register.js');

/** What V8 compiled is kept for the next process and the next start: a quarter less of what starting costs. */
const COMPILED = join(repository, '.tools/compiled');

/** Decides ports and command lines. Only the gateways' ports are chosen by the user; the others are whatever is free. */
export async function planTopology(options: TopologyOptions, ports: Ports): Promise<Topology> {
  return options.mode === 'standalone' ? planStandalone(options, ports) : planCluster(options, ports);
}

async function planStandalone(options: TopologyOptions, ports: Ports): Promise<Topology> {
  const port = await ports.chosen(options.port);
  const servers = { logs: await planLogServers(options, ports), cache: await planCache(options, ports) };
  const environment = { VECTORIZER_DATA: indexDirectory(options.data, 1) };
  const place = { name: 'standalone', app: 'standalone', host: options.host, port, environment };
  const standalone = await planService(place, servers, options);
  return {
    mode: 'standalone',
    authority: options.tls?.authority,
    urls: [urlOf({ ...options, port })],
    logUrls: servers.logs.map(natsUrl),
    groups: [serverSpecs(servers), [standalone]],
  };
}

async function planCluster(options: TopologyOptions, ports: Ports): Promise<Topology> {
  const copies = options.nodes > 1 ? 2 : 1;
  // The second gateway's port is the next one, so that a person who knows one knows both.
  const gatewayPorts: number[] = [];
  for (let i = 0; i < copies; i++) gatewayPorts.push(await ports.chosen(options.port === 0 ? 0 : options.port + i));
  const servers = { logs: await planLogServers(options, ports), cache: await planCache(options, ports) };
  const places: Place[] = [];
  for (let i = 1; i <= options.nodes; i++) {
    const environment = { VECTORIZER_DATA: indexDirectory(options.data, i) };
    places.push({ name: `index-${i}`, app: 'index', port: await ports.free(), environment });
  }
  for (const [name, app] of INNER_SERVICES) {
    for (let i = 1; i <= copies; i++) places.push({ name: `${name}-${i}`, app, port: await ports.free() });
  }
  const gateways = gatewayPorts.map((port, i): Place => {
    const environment = {
      VECTORIZER_DEFAULT_SHARDS: String(options.shards),
      VECTORIZER_DEFAULT_REPLICAS: String(options.replicas),
    };
    return { name: `gateway-${i + 1}`, app: 'gateway', host: options.host, port, environment };
  });
  const plan = async (all: readonly Place[]): Promise<ProcessSpec[]> =>
    Promise.all(all.map(async (place) => planService(place, servers, options)));
  return {
    mode: 'cluster',
    authority: options.tls?.authority,
    urls: gatewayPorts.map((port) => urlOf({ ...options, port })),
    logUrls: servers.logs.map(natsUrl),
    groups: [serverSpecs(servers), await plan(places), await plan(gateways)],
  };
}

/** Processes are named by what they do, and numbered; the folder's name of one is long. */
const INNER_SERVICES = [
  ['ingest', 'ingest'],
  ['query', 'query'],
  ['monitor', 'replication-monitor'],
] as const;

type Place = {
  readonly name: string;
  readonly app: string;
  /** Loopback unless given. */
  readonly host?: string;
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
};
type Servers = { readonly logs: readonly PlannedServer[]; readonly cache: PlannedServer | undefined };

function serverSpecs({ logs, cache }: Servers): ProcessSpec[] {
  return [...logs, ...(cache === undefined ? [] : [cache])].map(({ spec }) => spec);
}

async function planService(place: Place, servers: Servers, options: TopologyOptions): Promise<ProcessSpec> {
  const { name, app, host = HOST, port } = place;
  const reach = async ({ spec, scheme, port: at }: PlannedServer): Promise<string> => {
    const through = (await options.links?.open({ from: name, to: spec.name, port: at })) ?? at;
    const user = scheme === 'rediss' ? `${options.tls?.redisUser(app) ?? ''}@` : '';
    return `${scheme}://${user}${HOST}:${through}`;
  };
  const logUrls = await Promise.all(servers.logs.map(reach));
  return {
    name,
    command: process.execPath,
    args: [...NODE_FLAGS, '--import', TRACING, join(repository, 'apps', app, 'dist/main.js')],
    environment: {
      ...ALLOCATOR,
      NODE_COMPILE_CACHE: COMPILED,
      ...options.settings,
      OTEL_RESOURCE_ATTRIBUTES: resourceOf(name, options.settings['OTEL_RESOURCE_ATTRIBUTES']),
      ...options.tls?.service(app),
      VECTORIZER_NATS_URL: logUrls.join(),
      VECTORIZER_NATS_MONITOR_URL: servers.logs.map(({ spec }) => new URL(spec.readyUrl).origin).join(),
      VECTORIZER_LOG_REPLICAS: String(servers.logs.length),
      ...(servers.cache === undefined ? {} : { VECTORIZER_REDIS_URL: await reach(servers.cache) }),
      VECTORIZER_HOST: host,
      VECTORIZER_PORT: String(port),
      ...place.environment,
    },
    readyUrl: `${urlOf({ ...options, host, port })}/health/ready`,
  };
}

/** So that the spans of two processes of one service are told apart. */
function resourceOf(name: string, given: string | undefined): string {
  return [`service.instance.id=${name}`, ...(given === undefined ? [] : [given])].join();
}

function natsUrl({ port }: PlannedServer): string {
  return `nats://${HOST}:${port}`;
}

function urlOf({ host, port, tls }: Pick<TopologyOptions, 'host' | 'port' | 'tls'>): string {
  return `${tls === undefined ? 'http' : 'https'}://${reachedAt(host)}:${port}`;
}

/** One process has the first of the directories, so that it and a cluster of one node find each other's data. */
function indexDirectory(data: string, node: number): string {
  return join(data, `index-${node}`);
}
