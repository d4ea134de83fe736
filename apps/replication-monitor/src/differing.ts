import type { NodeId, ReplicaReport } from '@vectorizer/contracts';

/**
 * The nodes whose replica of one shard has another state hash or chain than others at the same sequence. When most
 * agree the others differ; when there is no majority nobody can tell who is right, and all do.
 */
export function differing(reports: readonly ReplicaReport[]): ReadonlySet<NodeId> {
  const nodes = new Set<NodeId>();
  for (const atOneSequence of Map.groupBy(reports, (report) => report.applied_sequence).values()) {
    const states = [...Map.groupBy(atOneSequence, ({ state_hash, chain }) => `${state_hash} ${chain}`).values()];
    const majority = states.find((same) => same.length * 2 > atOneSequence.length);
    for (const same of states) {
      if (states.length > 1 && same !== majority) for (const { node } of same) nodes.add(node);
    }
  }
  return nodes;
}
