import type { Plan } from './plan.ts';

/** A machine that can be had. Prices are of a month, in any currency. */
export type Machine = {
  /** That processes may take; `MEMORY_SHARE` of what it has. */
  readonly roomBytes: number;
  readonly cores: number;
  readonly price: number;
  readonly diskPricePerGb: number;
};

/** What a plan takes in machines. */
export type Bill = {
  readonly machines: number;
  /** What there would have to be less of for fewer machines. */
  readonly bound: 'memory' | 'cores' | 'copies';
  readonly price: number;
};

/** The rest is for page cache, for a graph that is rebuilt, and for the replicas of a machine that is lost. */
export const MEMORY_SHARE = 2 / 3;
/** As of a process: above it, what waits for a core waits longer and longer. */
const BUSY_SHARE = 0.6;
const BYTES_PER_GB = 1e9;

/** The fewest machines that hold all processes of a plan, none of which is divided, with each copy on a machine of its own. */
export function billOf(plan: Plan, machine: Machine): Bill {
  const { nodes, node, services, logServers, redis, total, demand } = plan;
  const nodesOfOne = Math.max(1, Math.floor(machine.roomBytes / node.memory.total));
  const forNodes = Math.ceil(nodes / nodesOfOne);
  const others =
    Object.values(services).reduce((sum, { processes, memoryEach }) => sum + processes * memoryEach, 0) +
    logServers.servers * logServers.memoryEach +
    redis.memory;
  const left = forNodes * machine.roomBytes - nodes * node.memory.total;
  const needs = [
    { bound: 'memory', machines: forNodes + Math.max(0, Math.ceil((others - left) / machine.roomBytes)) },
    { bound: 'cores', machines: Math.ceil(total.cores / (BUSY_SHARE * machine.cores)) },
    { bound: 'copies', machines: Math.max(demand.replicas, logServers.servers) },
  ] as const;
  const { bound, machines } = needs.reduce((most, each) => (each.machines > most.machines ? each : most));
  return { machines, bound, price: machines * machine.price + (total.disk / BYTES_PER_GB) * machine.diskPricePerGb };
}
