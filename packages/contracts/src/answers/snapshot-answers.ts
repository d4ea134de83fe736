import { z } from 'zod';
import { Backup, BackupId, Restore } from '../backup.ts';
import { ShardSnapshot } from '../shard-snapshot.ts';
import { CollectionSettings } from './collection-answers.ts';
import { Count, list } from '../shapes.ts';

/** A snapshot and how far it is; the newest restore of it under `restore`. */
const SnapshotAnswer = Backup.omit({ shards: true, moved_bytes: true }).extend({
  config: CollectionSettings,
  progress: z.object({
    shards_stored: Count,
    shards: Count,
    moved_bytes: Count.describe('Of the shard that is being stored'),
  }),
  points: Count,
  bytes: Count,
  shards: list(
    ShardSnapshot.pick({ sequence: true, points: true, state_hash: true, chain: true })
      .extend({ bytes: Count })
      .nullable()
      .describe('Null until it is stored'),
  ),
});
const SnapshotsAnswer = z.object({ snapshots: list(SnapshotAnswer) });
const SnapshotDeletedAnswer = z.object({ id: BackupId, status: z.literal('deleted') });

export const snapshotAnswers = {
  Snapshot: SnapshotAnswer,
  Snapshots: SnapshotsAnswer,
  SnapshotDeleted: SnapshotDeletedAnswer,
  RestoreState: Restore,
};
