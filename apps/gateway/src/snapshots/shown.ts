import { bytesOf, type Answer, type Backup } from '@vectorizer/contracts';

/** A snapshot as clients see it. */
export function shown({ shards, moved_bytes, ...backup }: Backup): Answer<'Snapshot'> {
  const stored = shards.filter((shard) => shard !== null);
  return {
    ...backup,
    progress: { shards_stored: stored.length, shards: shards.length, moved_bytes },
    points: stored.reduce((sum, { points }) => sum + points, 0),
    bytes: stored.reduce((sum, shard) => sum + bytesOf(shard), 0),
    shards: shards.map((shard) => {
      if (shard === null) return null;
      const { sequence, points, state_hash, chain } = shard;
      return { sequence, points, state_hash, chain, bytes: bytesOf(shard) };
    }),
  };
}
