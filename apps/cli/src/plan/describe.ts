import type { Plan } from './plan.ts';

/** A plan for a person to read. */
export function describePlan(plan: Plan): string {
  const { demand, node, total, services, logServers, network } = plan;
  const { memory, disk } = node;
  const kind = demand.kind === 'quantized' ? `quantized (${demand.quantization})` : demand.kind;
  const lines = [
    `${number(demand.points)} points of ${demand.dimension} dimensions, ${kind}; ${plan.collections > 1 ? `${plan.collections} collections, ` : ''}${count(plan.shards, 'shard')}, ${count(demand.replicas, 'replica')} of each`,
    '',
    `index nodes: ${plan.nodes}, with at most ${count(node.replicas, 'replica')}`,
    row(
      'memory of each',
      size(memory.total),
      `process ${size(memory.process)}, ${demand.kind === 'quantized' ? 'codes' : 'graph'} ${size(memory.index)}, buffer ${size(memory.buffer)}, ids and versions ${size(memory.points)}, payload indexes ${size(memory.payloadIndexes)}`,
    ),
    ...(memory.whileRebuilding > memory.total
      ? [row('while a graph is rebuilt', size(memory.whileRebuilding), 'which updates and deletions lead to')]
      : []),
    row(
      'page cache of each',
      size(node.pageCache),
      'to read points without the disk; the system takes it back at need',
    ),
    row(
      'disk of each',
      size(disk.total),
      `points ${size(disk.store)}, index ${size(disk.index)}, a snapshot being taken ${size(disk.whileSaving)}`,
    ),
    row(
      'cores of each',
      node.cores.toFixed(2),
      `of one that an index node can use; a search takes ${plan.searchMs.toFixed(2)} ms on a shard`,
    ),
    row(
      'loaded, restarted, copied',
      `${time(plan.loadS)}, ${time(plan.restartS)}, ${time(plan.fullSyncS)}`,
      'all points indexed; a node; a replica that begins with nothing',
    ),
    '',
    ...Object.entries(services).map(([name, { processes, cores, memoryEach }]) =>
      row(name, `${processes} × ${size(memoryEach)}`, `${cores.toFixed(2)} cores together`),
    ),
    row(
      'log servers',
      `${logServers.servers} × ${size(logServers.memoryEach)}`,
      `disk of each ${size(logServers.diskEach)}`,
    ),
    row('redis', size(plan.redis.memory), 'answers and rates; nothing is lost with it'),
    row(
      'network',
      `${size(network.inBytesPerS)}/s in, ${size(network.outBytesPerS)}/s out`,
      `${size(network.betweenBytesPerS)}/s between the processes`,
    ),
    '',
    row(
      'all of it',
      size(total.memory),
      `memory; ${size(total.disk)} of disk, ${total.cores.toFixed(1)} cores for ${number(demand.qps)} searches and ${number(demand.writeRate)} writes each second`,
    ),
    ...plan.warnings.map((warning) => `note: ${warning}`),
    'What this is computed from, and how far it is off: docs/CAPACITY.md.',
  ];
  return lines.join('\n');
}

function row(what: string, value: string, about: string): string {
  return `  ${what.padEnd(26)} ${value.padEnd(20)} ${about}`;
}

/** Two or three figures, in powers of 1000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toPrecision(2)} ${units[unit]}`;
}

export function time(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return seconds < 7_200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3_600).toFixed(0)} h`;
}

function number(n: number): string {
  return n.toLocaleString('en-US');
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
