import { createHash } from 'node:crypto';

/**
 * The shard of a point: the first four bytes of SHA-256 of its id, modulo the shard count. Part of the contract with
 * foreign producers, who must log a point where its readers look for it.
 */
export function shardOf(id: string, shards: number): number {
  if (shards === 1) return 0;
  return createHash('sha256').update(id).digest().readUInt32BE(0) % shards;
}
