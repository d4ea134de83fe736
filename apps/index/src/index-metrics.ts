import type { ReplicaReport, ShardStages } from '@vectorizer/contracts';
import { counter, gauge, histogram, memoryUsage, searchStage } from '@vectorizer/telemetry';

const entries = counter({ name: 'vectorizer_index_entries_applied_total', help: 'Log entries applied' });
const operations = counter({ name: 'vectorizer_index_operations_applied_total', help: 'Operations applied' });
const applySeconds = histogram({
  name: 'vectorizer_index_apply_seconds',
  help: 'Time to apply one entry, with its waits for searches and for room',
});
const bytesReceived = counter({
  name: 'vectorizer_replication_bytes_received_total',
  help: 'Bytes of the entries that the replicas of this node have read from their logs',
});
const searchableSeconds = histogram({
  name: 'vectorizer_write_searchable_seconds',
  help: 'From when the log took an entry until a replica of this node that follows its log lets searches see it',
});
const gpuSearches = {
  requests: counter({
    name: 'vectorizer_gpu_search_requests_total',
    help: 'Calls whose searches ran on the GPU',
  }),
  latency: histogram({
    name: 'vectorizer_gpu_search_latency_seconds',
    help: 'Time of the searches of one call on the GPU',
  }),
};
const gpuFallbacks = counter({
  name: 'vectorizer_gpu_fallbacks_total',
  help: 'Replicas of gpu collections that came to be searched on the processor',
});
const memory = memoryUsage('index');
const replicas = gauge({
  name: 'vectorizer_index_replicas',
  help: 'Replicas on this node by phase',
  labelNames: ['phase'] as const,
});
const gpuReplicas = gauge({
  name: 'vectorizer_gpu_replicas',
  help: 'Replicas of gpu collections on this node by what they are searched on',
  labelNames: ['backend'] as const,
});
const sums = {
  points: gauge({ name: 'vectorizer_index_points', help: 'Points of all replicas on this node' }),
  indexed: gauge({ name: 'vectorizer_index_indexed', help: 'Vectors in graphs' }),
  buffered: gauge({ name: 'vectorizer_index_buffered', help: 'Vectors that wait to enter a graph' }),
  dead: gauge({ name: 'vectorizer_index_dead', help: 'Dead elements of graphs' }),
  entries_rejected: gauge({
    name: 'vectorizer_index_entries_rejected',
    help: 'Entries that the replicas on this node could not make sense of and skipped, over the lives of their logs',
  }),
} as const;

export type Applied = {
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Since the log took it; undefined while the replica catches up with what was written before. */
  readonly searchableMs: number | undefined;
};

export function entryApplied(entry: Applied): void {
  entries.inc();
  operations.inc(entry.operations);
  bytesReceived.inc(entry.bytes);
  applySeconds.observe(entry.seconds);
  // The clocks of two machines may differ by more than it took.
  if (entry.searchableMs !== undefined) searchableSeconds.observe(Math.max(0, entry.searchableMs) / 1_000);
}

const stages = { wait: searchStage('wait'), queue: searchStage('queue'), search: searchStage('search') };

/** The stages of one call's searches, in milliseconds. */
export function searched({ wait, queue, search }: ShardStages, onGpu: boolean): void {
  stages.wait.observe(wait / 1_000);
  stages.queue.observe(queue / 1_000);
  stages.search.observe(search / 1_000);
  if (!onGpu) return;
  gpuSearches.requests.inc();
  gpuSearches.latency.observe(search / 1_000);
}

/**
 * The sums over one node's replicas. They have no label that grows with collections, so a dropped one leaves nothing
 * behind. Each node adds its difference, so that two nodes in one process add up.
 */
export class NodeGauges {
  readonly #shown = new Map<string, number>();
  #fallenBack: ReadonlySet<string> = new Set();

  show(reports: readonly ReplicaReport[]): void {
    for (const [name, sum] of Object.entries(sums) as [keyof typeof sums, (typeof sums)['points']][]) {
      sum.inc(this.#difference(name, sumOf(reports, name)));
    }
    for (const backend of ['gpu', 'cpu'] as const) {
      const there = reports.filter((report) => report.backend === backend && isOfGpu(report)).length;
      gpuReplicas.inc({ backend }, this.#difference(`backend ${backend}`, there));
    }
    memory.inc(this.#difference('memory', sumOf(reports, 'bytes')));
    const fallenBack = new Set(reports.filter(hasFallenBack).map(({ uid, shard }) => `${uid}_${shard}`));
    gpuFallbacks.inc([...fallenBack].filter((replica) => !this.#fallenBack.has(replica)).length);
    this.#fallenBack = fallenBack;
    for (const phase of ['syncing', 'following', 'diverged', 'failed'] as const) {
      const now = reports.filter((report) => report.phase === phase).length;
      replicas.inc({ phase }, this.#difference(phase, now));
    }
  }

  #difference(name: string, now: number): number {
    const before = this.#shown.get(name) ?? 0;
    this.#shown.set(name, now);
    return now - before;
  }
}

function sumOf(reports: readonly ReplicaReport[], name: keyof typeof sums | 'bytes'): number {
  return reports.reduce((total, report) => total + (report[name] ?? 0), 0);
}

function hasFallenBack(report: ReplicaReport): boolean {
  return report.backend === 'cpu' && isOfGpu(report);
}

/** On the processor, a replica of another kind tells no reason: it is what its kind asks for. */
function isOfGpu({ backend, backend_reason: reason }: ReplicaReport): boolean {
  return backend === 'gpu' || typeof reason === 'string';
}
