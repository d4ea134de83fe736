import { join, resolve } from 'node:path';
import { HOST, type Ports } from './ports.ts';
import { runDirectory } from './state-file.ts';
import type { ProcessSpec, TopologyOptions } from './topology.ts';

/** A server that is not ours, and where its clients reach it. */
export type PlannedServer = {
  readonly scheme: 'nats' | 'redis' | 'rediss';
  readonly port: number;
  readonly spec: ProcessSpec;
};

const infra = resolve(import.meta.dirname, '../../../../infra');

/** From three index nodes on, so many log servers keep every log. */
export function logServerCount(nodes: number): number {
  return nodes >= 3 ? 3 : 1;
}

/** One server, or three that elect leaders among themselves. */
export async function planLogServers(
  { data, nodes, natsServer, tls }: Pick<TopologyOptions, 'data' | 'nodes' | 'natsServer' | 'tls'>,
  ports: Ports,
): Promise<PlannedServer[]> {
  const count = logServerCount(nodes);
  const places: Place[] = [];
  for (let i = 1; i <= count; i++) {
    const name = count === 1 ? 'nats' : `nats-${i}`;
    places.push({ name, port: await ports.free(), monitor: await ports.free(), route: await ports.free() });
  }
  const routes = places.map(({ route }) => `nats://${HOST}:${route}`);
  return places.map((place) => ({
    scheme: 'nats',
    port: place.port,
    spec: {
      name: place.name,
      command: natsServer,
      args: [
        '-c',
        join(infra, tls === undefined ? 'nats/nats.conf' : 'nats/nats-keys.conf'),
        '-P',
        join(runDirectory(data), `${place.name}.pid`),
        '--name',
        place.name,
        ...(count === 1 ? [] : clusterArguments(place, routes)),
      ],
      // The server reads these as values of its configuration language, in which strings stand in quotes.
      environment: {
        VECTORIZER_NATS_HOST: `"${HOST}"`,
        VECTORIZER_NATS_PORT: String(place.port),
        VECTORIZER_NATS_MONITOR_PORT: String(place.monitor),
        VECTORIZER_NATS_STORE: JSON.stringify(join(data, place.name)),
        ...tls?.logServer(),
      },
      readyUrl: `${tls === undefined ? 'http' : 'https'}://${HOST}:${place.monitor}/healthz`,
    },
  }));
}

/** What the query services share. It keeps nothing on disk, and a bounded amount in memory. */
export async function planCache(
  { data, redisServer, tls }: Pick<TopologyOptions, 'data' | 'redisServer' | 'tls'>,
  ports: Ports,
): Promise<PlannedServer | undefined> {
  if (redisServer === undefined) return undefined;
  const port = await ports.free();
  const door = tls?.redis(port) ?? ['--port', String(port)];
  const place = ['--bind', HOST, '--dir', runDirectory(data), ...door];
  return {
    scheme: tls === undefined ? 'redis' : 'rediss',
    port,
    spec: {
      name: 'redis',
      command: redisServer,
      args: [join(infra, 'redis/redis.conf'), ...place],
      environment: {},
      readyUrl: `tcp://${HOST}:${port}`,
    },
  };
}

type Place = { readonly name: string; readonly port: number; readonly monitor: number; readonly route: number };

/** Clients are given every server's address; addresses that the servers tell would lead around the proxies of `--faults`. */
function clusterArguments({ route }: Place, routes: readonly string[]): string[] {
  const own = `nats://${HOST}:${route}`;
  return ['--cluster_name', 'vectorizer', '--cluster', own, '--routes', routes.join(), '--no_advertise'];
}
