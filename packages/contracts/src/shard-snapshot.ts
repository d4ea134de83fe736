import { z } from 'zod';
import { CollectionUid } from './names.ts';

const Hex = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().nonnegative();

/** It leads nowhere but down: manifests come from outside, too. */
const FilePath = z
  .string()
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'expected a path below the directory')
  .max(256);

/** A file of a snapshot, by its path in the replica's directory. */
export const SnapshotFile = z.object({ path: FilePath, bytes: Count, sha256: Hex });
export type SnapshotFile = z.infer<typeof SnapshotFile>;

/**
 * The manifest of a shared snapshot: one shard's whole state at one sequence. It is written after its files, so a
 * snapshot that has one is complete.
 */
export const ShardSnapshot = z.object({
  v: z.literal(1),
  uid: CollectionUid,
  shard: Count,
  sequence: Count,
  chain: Hex,
  state_hash: Hex,
  points: Count,
  taken_at: z.iso.datetime(),
  files: z.array(SnapshotFile).min(1).max(64),
});
export type ShardSnapshot = z.infer<typeof ShardSnapshot>;

export function bytesOf({ files }: Pick<ShardSnapshot, 'files'>): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
