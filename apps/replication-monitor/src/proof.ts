import type { ReplicaProof, ReplicationProof, ReplicaView, ShardAgreement, ShardProof } from '@vectorizer/contracts';
import type { KnownShard } from './replica-registry.ts';
import { sequencesOf } from './told-states.ts';

/** Where a shard has so many replicas, fewer prove nothing. */
const TELLERS_MIN = 2;

/** What the replicas of a collection's shards say of their state, side by side. */
export function proofOf(
  record: KnownShard['record'],
  shards: readonly { readonly shard: KnownShard; readonly views: readonly ReplicaView[] }[],
): ReplicationProof {
  const proofs = shards.map(({ shard, views }) => shardProof(shard, views));
  const agreed = proofs.every((proof) => proof.agreed);
  return { collection: record.name, uid: record.uid, agreed, shards: proofs };
}

/** The proof's verdicts, without what they rest on. */
export function agreementOf({ collection, shards }: ReplicationProof): ShardAgreement[] {
  return shards.map(({ shard, sequence, compared, agreed, replicas }) => {
    return { collection, shard, sequence, compared, replicas: replicas.length, agreed };
  });
}

function shardProof({ shard, replicas }: KnownShard, views: readonly ReplicaView[]): ShardProof {
  const sequence = commonSequence(replicas);
  const proofs = replicas.map(({ node, states, heard }, i): ReplicaProof => {
    const state = sequence === null ? undefined : states.at(sequence);
    return {
      node,
      status: views[i]?.status ?? 'Disconnected',
      applied_sequence: heard?.report.applied_sequence ?? 0,
      state_hash: state?.state_hash ?? null,
      chain: state?.chain ?? null,
      verified_at: heard?.report.verified_at ?? null,
    };
  });
  const told = proofs.flatMap(({ state_hash, chain }) => (chain === null ? [] : [`${chain} ${state_hash}`]));
  const compared = told.length;
  const isEnough = compared >= Math.min(TELLERS_MIN, replicas.length);
  const agreed = isEnough && new Set(told).size === 1 && proofs.every(({ status }) => status !== 'Diverged');
  return { shard, sequence, compared, agreed, replicas: proofs };
}

/** The newest of the sequences that the most replicas have told of. */
function commonSequence(replicas: KnownShard['replicas']): number | null {
  let [best, most] = [null as number | null, 0];
  for (const sequence of sequencesOf(replicas)) {
    const tellers = replicas.filter(({ states }) => states.at(sequence) !== undefined).length;
    if (tellers > most) [best, most] = [sequence, tellers];
  }
  return best;
}
