import { syntheticDataset, type Dataset } from '../data/dataset.ts';
import { wholeOf } from '../data/spans.ts';
import { Series } from '../measure/series.ts';
import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { FULL, QUICK } from '../options.ts';
import { numbered, type Rounds } from '../setting.ts';
import { startInstance, type Instance } from '../subjects/instance.ts';
import { Server } from '../subjects/server.ts';
import { processorMs } from '../subjects/taken.ts';
import type { ScaleRun } from './part.ts';

const NODES = [1, 2] as const;
const SHARDS = [1, 2, 4] as const;
const CONNECTIONS = 32;
const DIMENSION = 128;
/** What the processes of a cluster are named, without their numbers. */
const SERVICES = ['gateway', 'query', 'index'] as const;

/**
 * Searches through HTTP of a cluster of separate processes, with one and two index nodes, and a collection of one, two
 * and four shards, of each of which every node has a replica: how many a second, and what each service takes for one.
 */
export async function scaleProcesses({ quick, rounds, progress }: ScaleRun): Promise<Result[]> {
  const dataset = syntheticDataset({ ...(quick ? QUICK : FULL).size, dimension: DIMENSION });
  const results: Result[] = [];
  for (const nodes of NODES) {
    const words = ['cluster', 'up', '--nodes', String(nodes)];
    await using cluster = await progress.phase(`processes: ${nodes} index nodes`, () => startInstance(words));
    await using server = new Server(cluster.url, dataset);
    for (const shards of SHARDS) {
      const measuring = (): Promise<Result[]> => searched({ cluster, server, dataset }, { nodes, shards, rounds });
      results.push(...(await progress.phase(`processes: ${nodes} index nodes, ${shards} shards`, measuring)));
    }
  }
  return results;
}

type Subject = { readonly cluster: Instance; readonly server: Server; readonly dataset: Dataset };
type Shape = { readonly nodes: number; readonly shards: number; readonly rounds: Rounds };

/** `scale.processes.i2.s4.qps` and so on: two index nodes, four shards. */
async function searched({ cluster, server, dataset }: Subject, { nodes, shards, rounds }: Shape): Promise<Result[]> {
  await server.create({ shards, replication_factor: nodes });
  await server.fill(wholeOf(dataset.rows));
  const series = new Series(dataset.truth);
  const taken = new Map(SERVICES.map((service) => [service, [] as number[]]));
  for (const round of numbered(rounds)) {
    const before = new Map(SERVICES.map((service) => [service, spentBy(cluster, service)]));
    const measured = await server.search(CONNECTIONS, rounds.milliseconds);
    if (round === 0) continue;
    series.add(measured);
    for (const service of SERVICES) {
      const spentMs = spentBy(cluster, service) - (before.get(service) ?? NaN);
      taken.get(service)?.push((1_000 * spentMs) / measured.latenciesMs.length);
    }
  }
  await server.drop();
  const name = `scale.processes.i${nodes}.s${shards}`;
  return [
    figure(`${name}.qps`, '1/s', series.with(spread(series.perSecond))),
    figure(`${name}.p50_ms`, 'ms', series.with(spread(series.p50Ms))),
    figure(`${name}.p99_ms`, 'ms', series.with(spread(series.p99Ms))),
    ...[...taken].map(([service, us]) => figure(`${name}.${service}_us`, 'µs', spread(us))),
  ];
}

/** Of all processes of a service together, in milliseconds of processor time since they started. */
function spentBy(cluster: Instance, service: string): number {
  const own = cluster.processes().filter(({ name }) => name === service || name.startsWith(`${service}-`));
  return own.reduce((sum, { pid }) => sum + processorMs(pid), 0);
}
