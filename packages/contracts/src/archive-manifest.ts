import { z } from 'zod';
import { Backup } from './backup.ts';
import { limits } from './limits.ts';
import { ShardSnapshot } from './shard-snapshot.ts';

/** The `manifest.json` that a snapshot's archive begins with: what was taken, and every file that follows. */
export const ArchiveManifest = Backup.omit({ reason: true, moved_bytes: true, restore: true })
  .extend({
    state: z.literal('complete'),
    shards: z.array(ShardSnapshot).min(1).max(limits.shardsMax),
  })
  .refine(({ config, shards }) => config.shards === shards.length && shards.every(({ shard }, i) => shard === i), {
    path: ['shards'],
    message: 'expected each shard of the configuration, in order',
  })
  .refine(({ shards }) => shards.every(({ files }) => new Set(files.map(({ path }) => path)).size === files.length), {
    path: ['shards'],
    message: 'a file is named twice',
  });
export type ArchiveManifest = z.infer<typeof ArchiveManifest>;
