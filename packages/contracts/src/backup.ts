import { z } from 'zod';
import { CollectionConfig } from './collection.ts';
import { limits } from './limits.ts';
import { CollectionName, CollectionUid } from './names.ts';
import { PayloadIndexes } from './payload-index.ts';
import { ShardSnapshot } from './shard-snapshot.ts';

/** Names a snapshot of a collection. Of the form of a uid, since its files lie in the snapshot store under it. */
export const BackupId = CollectionUid;
export type BackupId = z.infer<typeof BackupId>;

const JobState = z.enum(['running', 'complete', 'failed']);
export type JobState = z.infer<typeof JobState>;

/** A restore of a snapshot into a collection. */
export const Restore = z.object({
  name: CollectionName,
  state: JobState,
  reason: z.string().optional(),
  /** The collection that it makes, and the sequence of each of its shards. */
  uid: CollectionUid,
  sequences: z.array(z.int().nonnegative()),
  /** Aliases of the snapshot that are something else's by now, and were left to that. */
  aliases_left: z.array(CollectionName).optional(),
  /** The collection whose place it has taken; what that has left is kept until the restore has ended. */
  replaces: CollectionUid.optional(),
  /** Once known. */
  points: z.int().nonnegative().optional(),
  /** Of one that is complete: whether its replicas were compared with what was stored, which a gateway that dies leaves undone. */
  verified: z.boolean().optional(),
  /** How many of them had taken no write by then, and so were compared point for point. */
  replicas_compared: z.int().nonnegative().optional(),
  started_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Restore = z.infer<typeof Restore>;

/** A snapshot of a whole collection, with all that is needed to make the collection again. */
export const Backup = z.object({
  v: z.literal(1),
  id: BackupId,
  collection: CollectionName,
  uid: CollectionUid,
  config: CollectionConfig,
  payload_indexes: PayloadIndexes,
  cache: z.boolean().default(true),
  /** The collection's other names when it was begun. */
  aliases: z.array(CollectionName).default([]),
  state: JobState,
  reason: z.string().optional(),
  created_at: z.iso.datetime(),
  /** Moves on while it is worked on: one that is running and has stood still was left by a process that died. */
  updated_at: z.iso.datetime(),
  /** By shard; null until it is stored. */
  shards: z.array(ShardSnapshot.nullable()),
  /** Of the shard that is being stored. */
  moved_bytes: z.int().nonnegative().default(0),
  /** The newest restore of it. */
  restore: Restore.optional(),
});
export type Backup = z.infer<typeof Backup>;

/** A snapshot that was made by another version: of it no more is known than that it is there. */
export const ForeignBackup = z.object({ v: z.int().min(2), id: BackupId, collection: CollectionName });
export type ForeignBackup = z.infer<typeof ForeignBackup>;

/** What a client may say of a restore. */
export const RestoreBody = z
  .strictObject({
    /** The collection's own name where it is left out. */
    name: CollectionName.optional(),
    /** Whether it takes the place of a collection that has the name. */
    replace: z.boolean().default(false),
    /** Beyond the snapshot, the log is replayed up to these sequences, by shard, or to this moment. */
    sequences: z.array(z.int().nonnegative()).min(1).max(limits.shardsMax).optional(),
    time: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ sequences, time }) => sequences === undefined || time === undefined, {
    message: 'sequences and time: at most one of them',
  });
export type RestoreBody = z.infer<typeof RestoreBody>;
