import type { ReplicaReport } from '@vectorizer/contracts';
import { counter, gauge, histogram } from '@vectorizer/telemetry';

const entries = counter({ name: 'vectorizer_index_entries_applied_total', help: 'Log entries applied' });
const operations = counter({ name: 'vectorizer_index_operations_applied_total', help: 'Operations applied' });
const applySeconds = histogram({
  name: 'vectorizer_index_apply_seconds',
  help: 'Time to apply one entry, with its waits for searches and for room',
});
const searchSeconds = histogram({
  name: 'vectorizer_index_search_seconds',
  help: 'Time of the searches of one call, without the wait for a sequence',
});
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
} as const;

export function entryApplied(entry: { readonly operations: number; readonly seconds: number }): void {
  entries.inc();
  operations.inc(entry.operations);
  applySeconds.observe(entry.seconds);
}

export function searched(seconds: number): void {
  searchSeconds.observe(seconds);
}

/**
 * The sums over one node's replicas. They have no label that grows with collections, so a dropped one leaves nothing
 * behind. Each node adds its difference, so that two nodes in one process add up.
 */
export class NodeGauges {
  readonly #shown = new Map<string, number>();

  show(reports: readonly ReplicaReport[]): void {
    for (const [name, sum] of Object.entries(sums) as [keyof typeof sums, (typeof sums)['points']][]) {
      const now = reports.reduce((total, report) => total + report[name], 0);
      sum.inc(this.#difference(name, now));
    }
    for (const backend of ['gpu', 'cpu'] as const) {
      const there = reports.filter((report) => report.backend === backend && isOfGpu(report)).length;
      gpuReplicas.inc({ backend }, this.#difference(`backend ${backend}`, there));
    }
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

/** On the processor, a replica of another kind tells no reason: it is what its kind asks for. */
function isOfGpu({ backend, backend_reason: reason }: ReplicaReport): boolean {
  return backend === 'gpu' || typeof reason === 'string';
}
