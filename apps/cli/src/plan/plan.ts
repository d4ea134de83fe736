import { limits } from '@vectorizer/contracts';
import { workOfSearch, workOfWrite, searchUs, type Work } from './cores.ts';
import type { Demand } from './demand.ts';
import { measured } from './measured.ts';
import { memoryOf, processBytes, replicaOf, type Replica } from './replica.ts';

export type NodePlan = {
  /** Replicas on the fullest node. */
  readonly replicas: number;
  readonly memory: Replica['memory'] & {
    readonly process: number;
    readonly total: number;
    readonly whileRebuilding: number;
  };
  /** Files that the system should have room to keep in memory beside that. */
  readonly pageCache: number;
  readonly disk: {
    readonly store: number;
    readonly index: number;
    readonly whileSaving: number;
    readonly total: number;
  };
  readonly cores: number;
};

export type Plan = {
  readonly demand: Demand;
  /** That the points are divided among, where one has not shards enough; a search can ask several. */
  readonly collections: number;
  /** Of all collections together. */
  readonly shards: number;
  readonly nodes: number;
  readonly node: NodePlan;
  readonly replica: Replica;
  readonly total: { readonly memory: number; readonly disk: number; readonly cores: number };
  /** Processes of each other service, and what all of one service take. */
  readonly services: Readonly<
    Record<
      'gateway' | 'query' | 'ingest' | 'monitor',
      { readonly processes: number; readonly cores: number; readonly memoryEach: number }
    >
  >;
  readonly logServers: { readonly servers: number; readonly memoryEach: number; readonly diskEach: number };
  readonly redis: { readonly memory: number };
  readonly network: { readonly inBytesPerS: number; readonly outBytesPerS: number; readonly betweenBytesPerS: number };
  readonly searchMs: number;
  readonly loadS: number;
  readonly restartS: number;
  readonly fullSyncS: number;
  readonly warnings: readonly string[];
};

/** A process has one event loop; above this share of a core, what waits for it waits longer and longer. */
const BUSY_SHARE = 0.6;
/** A search that scans is spread over shards from here on. */
const SCAN_MS = 50;
/** More points in one shard take hours to be indexed anew; V8's maps, by which an id is found, end at 16,777,216. */
const SHARD_POINTS_MAX = 10_000_000;
/** What V8 gives a heap by itself on a machine with 16 GB or more, but for what garbage needs. */
const HEAP_BYTES_MAX = 3e9;
const LOG_BYTES_MAX = 512 * 2 ** 20;
const LOG_RETENTION_S = 3_600;
const SNAPSHOTS_KEPT = 2;
const LOG_SERVER_BYTES = 256e6;
const REDIS_BYTES = 256e6;
/** Assumed of disks and networks. */
const DISK_BYTES_PER_S = 300e6;
const NETWORK_BYTES_PER_S = 100e6;
const PROCESS_START_S = 1;
const CHARACTERS_PER_COMPONENT = 10;
const HIT_BYTES = 120;

/** What a collection needs, and how it is best divided. */
export function planOf(demand: Demand): Plan {
  const collections = Math.ceil(demand.points / (SHARD_POINTS_MAX * (demand.shards ?? limits.shardsMax)));
  const inEach = Math.ceil(demand.points / collections);
  const shards = collections * (demand.shards ?? shardsFor({ ...demand, points: inEach }));
  const replica = replicaOf(demand, Math.ceil(demand.points / shards));
  const search = workOfSearch(demand, replica.points, shards);
  const write = workOfWrite(demand);
  const cores = (service: keyof Work): number =>
    (demand.qps * search[service] + demand.writeRate * write[service]) / 1e6;
  const replicas = shards * demand.replicas;
  const nodes = demand.nodes ?? nodesFor(demand, { replica, replicas, cores: cores('index') });
  const node = nodePlan({ demand, replica, replicas, nodes, cores: cores('index') });
  const least = demand.replicas > 1 ? 2 : 1;
  const service = (name: keyof Work, memoryEach: number): Plan['services']['gateway'] => ({
    processes: Math.max(least, Math.ceil(cores(name) / BUSY_SHARE)),
    cores: cores(name),
    memoryEach,
  });
  const others = {
    gateway: service('gateway', measured.gatewayProcessBytes),
    query: service('query', measured.queryProcessBytes),
    ingest: service('ingest', measured.ingestProcessBytes),
    monitor: { processes: least, cores: 0.05, memoryEach: measured.monitorProcessBytes },
  };
  const all = Object.values(others);
  const logServers = logServersFor(demand, replica, shards);
  return {
    demand,
    collections,
    shards,
    nodes,
    node,
    replica,
    services: others,
    logServers,
    redis: { memory: REDIS_BYTES },
    total: {
      memory:
        nodes * node.memory.total +
        sum(all.map(({ processes, memoryEach }) => processes * memoryEach)) +
        logServers.servers * logServers.memoryEach +
        REDIS_BYTES,
      disk: nodes * node.disk.total + logServers.servers * logServers.diskEach,
      cores: cores('index') + sum(all.map((each) => each.cores)),
    },
    network: networkOf(demand, shards),
    searchMs: searchUs(demand, replica.points) / 1_000,
    loadS: (demand.points * write.index) / demand.replicas / 1e6 / shards,
    restartS: PROCESS_START_S + (node.replicas * replica.indexFileBytes) / DISK_BYTES_PER_S,
    fullSyncS: PROCESS_START_S + (replica.storeBytes + replica.indexFileBytes) / NETWORK_BYTES_PER_S,
    warnings: warningsOf(demand, {
      collections,
      nodes,
      replicas,
      node,
      searchMs: searchUs(demand, replica.points) / 1_000,
    }),
  };
}

function shardsFor(demand: Demand): number {
  const { points, kind, writeRate, nodeMemoryBytes } = demand;
  const whole = replicaOf(demand, points);
  const room = nodeMemoryBytes - processBytes(points);
  const byMemory = (memoryOf(whole) + whole.rebuildBytes) / room;
  const byTime = kind === 'quantized' ? searchUs(demand, points) / 1_000 / SCAN_MS : 1;
  const byWrites = (writeRate * workOfWrite({ ...demand, replicas: 1 }).index) / 1e6 / BUSY_SHARE;
  return Math.min(limits.shardsMax, Math.ceil(Math.max(points / SHARD_POINTS_MAX, byMemory, byTime, byWrites)));
}

type Placed = { readonly replica: Replica; readonly replicas: number; readonly cores: number };

/** Each replica of a shard is on another node, and no node is without one. */
function nodesFor(demand: Demand, { replica, replicas, cores }: Placed): number {
  const room = demand.nodeMemoryBytes - processBytes(demand.points);
  const perNode = Math.max(1, Math.floor((room - replica.rebuildBytes) / memoryOf(replica)));
  return Math.min(replicas, Math.max(demand.replicas, Math.ceil(replicas / perNode), Math.ceil(cores / BUSY_SHARE)));
}

function nodePlan({
  replica,
  replicas,
  nodes,
  cores,
}: Placed & { readonly demand: Demand; readonly nodes: number }): NodePlan {
  const here = Math.ceil(replicas / nodes);
  const process = processBytes(here * replica.points);
  const total = process + here * memoryOf(replica);
  const { index, buffer, points, payloadIndexes } = replica.memory;
  const [store, file] = [here * replica.storeBytes, here * replica.indexFileBytes];
  // An index is saved beside the former one, and a snapshot is a copy of one replica's store.
  const whileSaving = replica.indexFileBytes + replica.storeBytes;
  return {
    replicas: here,
    memory: {
      process,
      index: here * index,
      buffer: here * buffer,
      points: here * points,
      payloadIndexes: here * payloadIndexes,
      total,
      // One replica at a time.
      whileRebuilding: total + replica.rebuildBytes,
    },
    pageCache: store,
    disk: { store, index: file, whileSaving, total: store + file + whileSaving },
    cores: cores / nodes,
  };
}

function logServersFor(demand: Demand, replica: Replica, shards: number): Plan['logServers'] {
  const perShardS = demand.writeRate / shards;
  const retained = Math.max(LOG_BYTES_MAX, perShardS * loggedBytes(demand) * LOG_RETENTION_S);
  const log = Math.min(retained, Math.max(demand.points / shards, perShardS * LOG_RETENTION_S) * loggedBytes(demand));
  const snapshot = replica.storeBytes + replica.indexFileBytes;
  // A log is cut behind snapshots once it has outgrown its bound, so until then there are none.
  const snapshots = log < LOG_BYTES_MAX ? 0 : SNAPSHOTS_KEPT * snapshot;
  return {
    servers: demand.replicas > 1 ? 3 : 1,
    memoryEach: LOG_SERVER_BYTES,
    diskEach: shards * (log + snapshots),
  };
}

function networkOf(demand: Demand, shards: number): Plan['network'] {
  const { qps, writeRate, dimension, k, payloadBytes, replicas } = demand;
  const vectorText = CHARACTERS_PER_COMPONENT * dimension;
  const answer = k * (HIT_BYTES + payloadBytes);
  const copies = replicas + (replicas > 1 ? 3 : 1);
  return {
    inBytesPerS: qps * vectorText + writeRate * (vectorText + payloadBytes),
    outBytesPerS: qps * answer,
    betweenBytesPerS: qps * (shards + 1) * (4 * dimension + answer) + writeRate * copies * loggedBytes(demand),
  };
}

function loggedBytes({ dimension, payloadBytes, idBytes }: Demand): number {
  return measured.logOverheadBytes + idBytes + 4 * dimension + payloadBytes;
}

type Outcome = {
  readonly collections: number;
  readonly nodes: number;
  readonly replicas: number;
  readonly node: NodePlan;
  readonly searchMs: number;
};

function warningsOf(demand: Demand, { collections, nodes, replicas, node, searchMs }: Outcome): string[] {
  return [
    ...(node.memory.whileRebuilding > demand.nodeMemoryBytes
      ? [
          `an index node needs ${gb(node.memory.whileRebuilding)}, more than the ${gb(demand.nodeMemoryBytes)} of a machine: divide the points among several collections, or quantize`,
        ]
      : []),
    ...(node.cores > BUSY_SHARE
      ? [
          `an index node would be ${(node.cores * 100).toFixed(0)} % busy: ${nodes < replicas ? 'more nodes' : 'more replicas, or several collections'}, or a cache of answers (its hits cost an index node nothing)`,
        ]
      : []),
    ...(collections > 1
      ? [
          `a shard takes ${SHARD_POINTS_MAX.toLocaleString('en-US')} points and a collection ${limits.shardsMax} shards, so these are ${collections} collections; one search asks at most ${limits.searchCollectionsMax}`,
        ]
      : []),
    ...(node.memory.points > HEAP_BYTES_MAX
      ? [
          `ids and versions are on the heap of a node, which V8 bounds at some 4 GB: start it with NODE_OPTIONS=--max-old-space-size=${Math.ceil((1.3 * node.memory.points) / 2 ** 20)}, or spread the replicas over more nodes`,
        ]
      : []),
    ...(searchMs > SCAN_MS ? [`a search takes ${searchMs.toFixed(0)} ms on a shard`] : []),
    ...(demand.replicas === 1 ? ['with one replica, points cannot be searched while their node is away'] : []),
    ...(demand.kind === 'gpu'
      ? ['computed as on the processor, where a gpu collection goes when its device fails']
      : []),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function gb(bytes: number): string {
  return `${(bytes / 1e9).toFixed(0)} GB`;
}
