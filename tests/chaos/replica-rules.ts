import type { Case, ReplicaEnd, Violation } from './evidence.ts';

/** At the end every replica has applied the whole log, and is what a replay of the log comes to. */
export function* replicasAgree(evidence: Case): Generator<Violation> {
  for (const [shard, replay] of evidence.replays.entries()) {
    const wanted = {
      applied_sequence: replay.lastSequence,
      points: replay.points.size,
      state_hash: replay.stateHash(),
      chain: replay.chain,
    };
    const replicas = evidence.replicas.filter((replica) => replica.shard === shard);
    if (replicas.length === 0) {
      yield { rule: 'replica-differs', message: `shard ${shard} has no replica`, calls: [] };
    }
    for (const replica of replicas) {
      const differs = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((key) => replica[key] !== wanted[key]);
      const [first] = differs;
      if (first === undefined) continue;
      const message = `${nameOf(replica)}: ${first} is ${replica[first]}, by its log it is ${wanted[first]}`;
      yield { rule: 'replica-differs', message, calls: [] };
    }
  }
}

function nameOf({ node, shard }: ReplicaEnd): string {
  return `shard ${shard} on ${node}`;
}
