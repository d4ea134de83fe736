import { shardOf, type Operation, type Outcome } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** The operations of one request that belong to one shard, each with its place in the request. */
export type ShardPart = { readonly shard: number; readonly ops: Operation[]; readonly places: number[] };

/** Order is kept within a shard; a delete by filter goes to every shard. Shards without operations have no part. */
export function splitByShard(ops: readonly Operation[], shards: number): ShardPart[] {
  const parts: ShardPart[] = Array.from({ length: shards }, (_, shard) => ({ shard, ops: [], places: [] }));
  for (const [place, op] of ops.entries()) {
    const targets = op.kind === 'delete_by_filter' ? parts : parts.slice(shardOf(op.id, shards)).slice(0, 1);
    for (const part of targets) {
      part.ops.push(op);
      part.places.push(place);
    }
  }
  return parts.filter((part) => part.ops.length > 0);
}

/** The outcomes of all parts in the order of the request; what several shards did for one operation is added up. */
export function joinOutcomes(
  parts: readonly { readonly part: ShardPart; readonly outcomes: readonly Outcome[] }[],
): Outcome[] {
  const joined: Outcome[] = [];
  for (const { part, outcomes } of parts) {
    for (const [index, place] of part.places.entries()) {
      const outcome = outcomes[index];
      // What became of it is not known, so its client must not be told that it was refused.
      if (outcome === undefined) throw new Failure('internal_error', 'a shard did not answer for each operation');
      joined[place] = addUp(joined[place], outcome);
    }
  }
  return joined;
}

function addUp(one: Outcome | undefined, other: Outcome): Outcome {
  if (one === undefined) return other;
  // One shard that refused decides for the whole, since the caller must hear of it.
  if (one.status !== 'deleted') return one;
  if (other.status !== 'deleted') return other;
  return { status: 'deleted', count: (one.count ?? 0) + (other.count ?? 0) };
}
