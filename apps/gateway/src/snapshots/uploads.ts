import type { Readable } from 'node:stream';
import { FileCheck, unreadableBackup } from '@vectorizer/cluster';
import {
  ArchiveManifest,
  ForeignBackup,
  newUid,
  readJson,
  type Backup,
  type BackupId,
  type CollectionName,
  type ShardSnapshot,
  type SnapshotFile,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField, parse } from '@vectorizer/frame';
import { archiveEntries, type ArchiveEntry } from './archive-entries.ts';
import { MANIFEST } from './archives.ts';
import { arrivingBody, SILENT_MS_MAX } from './arriving-body.ts';
import type { Progress } from './jobs.ts';
import { moved, type Snapshots, type SnapshotsParts } from './snapshots.ts';

const MANIFEST_BYTES_MAX = 1024 * 1024;

type Parts = SnapshotsParts & { readonly taken: Snapshots; readonly uploadSilenceMsMax?: number | undefined };
type Entries = AsyncGenerator<ArchiveEntry, void>;
type Awaited = { readonly shard: ShardSnapshot; readonly file: SnapshotFile };

/**
 * Takes archives of snapshots back, of this cluster or another: each file goes on to the snapshot store while it arrives,
 * held against its SHA-256. There is a snapshot only once all is there; what a restore makes of it is held against its
 * state hash, as ever.
 */
export class Uploads {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Under an id of its own. `mayName` tells whether who sends it may give an alias. */
  async take(name: CollectionName, archive: Readable, mayName: (alias: CollectionName) => boolean): Promise<Backup> {
    const { backups, jobs, taken, uploadSilenceMsMax: silentMsMax = SILENT_MS_MAX } = this.#parts;
    return jobs.attend(async () => {
      const entries = archiveEntries(arrivingBody(archive, { closing: jobs.closing, silentMsMax }));
      try {
        const manifest = await readManifest(entries);
        checkNames(manifest, name, mayName);
        taken.checkRoom(name);
        const id = newUid();
        const shards = manifest.shards.map((shard) => ({ ...shard, uid: id }));
        const updated_at = new Date().toISOString();
        const uid = this.#logOf(manifest);
        const begun: Backup = {
          ...manifest,
          id,
          uid,
          state: 'running',
          updated_at,
          shards: shards.map(() => null),
          moved_bytes: 0,
        };
        await backups.add(begun);
        return await this.#fill(begun, shards, entries);
      } finally {
        await entries.return();
      }
    });
  }

  /** Only of a collection of that name the log may be replayed beyond the snapshot: of any other it would show what is not the sender's. */
  #logOf({ uid, collection }: ArchiveManifest): Backup['uid'] {
    return this.#parts.catalog.findByUid(uid)?.name === collection ? uid : newUid();
  }

  async #fill({ id, collection }: Backup, shards: readonly ShardSnapshot[], entries: Entries): Promise<Backup> {
    const { backups, jobs, logger, store } = this.#parts;
    try {
      await jobs.whileAlive(id, moved, async (progress) => this.#store(shards, entries, progress));
      for (const shard of shards) await store.complete(shard);
      const complete = await backups.update(id, (now) => moved({ ...now, shards: [...shards], state: 'complete' }, 0));
      if (complete === undefined) throw new Failure('not_found', `snapshot ${id} was removed`);
      logger.info({ snapshot: id, collection }, 'an archive was taken');
      return complete;
    } catch (cause) {
      await this.#forget(id);
      throw cause;
    }
  }

  async #store(shards: readonly ShardSnapshot[], entries: Entries, progress: Progress): Promise<void> {
    const awaited = new Map<string, Awaited>(
      shards.flatMap((shard) => shard.files.map((file) => [`${shard.shard}/${file.path}`, { shard, file }] as const)),
    );
    for await (const { name, bytes, content } of entries) {
      const { shard, file } = awaited.get(name) ?? {};
      if (shard === undefined || file === undefined) throw invalidField(name, 'is not in the manifest, or here twice');
      if (bytes !== file.bytes) throw invalidField(name, `has ${bytes} bytes, and ${file.bytes} by the manifest`);
      awaited.delete(name);
      await this.#parts.store.putFile(shard, file, checked(content, { name, file, progress }));
    }
    const [missing] = awaited.keys();
    if (missing !== undefined) throw new Failure('malformed_body', `the archive ends before ${missing}`);
  }

  /** What cannot be removed now is removed by the monitor. */
  async #forget(id: BackupId): Promise<void> {
    const { backups, logger, store } = this.#parts;
    try {
      await backups.remove(id);
      await store.dropAll(id);
    } catch (error) {
      logger.error({ err: error, snapshot: id }, 'what a failed upload left could not be removed yet');
    }
  }
}

async function readManifest(entries: Entries): Promise<ArchiveManifest> {
  const first = await entries.next();
  if (first.done === true) throw new Failure('malformed_body', 'the archive is empty');
  const { name, bytes, content } = first.value;
  if (name !== MANIFEST) throw invalidField(name, `comes first in the archive, where ${MANIFEST} belongs`);
  if (bytes > MANIFEST_BYTES_MAX) throw invalidField(MANIFEST, `is over ${MANIFEST_BYTES_MAX} bytes`);
  const said = readJson(Buffer.concat(await Array.fromAsync(content)));
  const foreign = ForeignBackup.safeParse(said);
  if (foreign.success) throw unreadableBackup(foreign.data);
  return parse(ArchiveManifest, said, MANIFEST);
}

function checkNames(
  { collection, aliases }: ArchiveManifest,
  name: CollectionName,
  mayName: (alias: CollectionName) => boolean,
): void {
  if (collection !== name) {
    throw invalidField('collection', `the archive is of ${collection}: upload it there, and restore it under any name`);
  }
  const others = aliases.find((alias) => !mayName(alias));
  if (others === undefined) return;
  throw new Failure('authorization_error', `the archive names an alias, ${others}, which is not the key's to give`, {
    details: { collection: others },
  });
}

type Checking = { readonly name: string; readonly file: SnapshotFile; readonly progress: Progress };

async function* checked(
  content: AsyncIterable<Uint8Array>,
  { name, file, progress }: Checking,
): AsyncGenerator<Uint8Array> {
  const check = new FileCheck(file);
  for await (const part of content) {
    check.take(part);
    progress.movedBytes += part.length;
    yield part;
  }
  if (!check.isPassed()) throw invalidField(name, 'is not what the manifest says: its SHA-256 is another');
}
