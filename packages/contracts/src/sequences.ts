import type { Sequences } from './procedures.ts';

/** Whether a state of these sequences has all that the other demands, shard by shard. */
export function covers(sequences: Sequences, demanded: Sequences): boolean {
  for (let shard = 0; shard < demanded.length; shard++) {
    if ((sequences[shard] ?? 0) < (demanded[shard] ?? 0)) return false;
  }
  return true;
}
