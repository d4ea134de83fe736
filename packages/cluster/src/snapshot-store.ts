import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { Base64UrlPaddedCodec, Objm, setSha256Backend, StorageType, type ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, CollectionUid, ShardSnapshot, type SnapshotFile } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { openWhileElecting } from './elections.ts';
import { KvMirror } from './kv-mirror.ts';
import { FileCheck } from './file-check.ts';
import { listObjects, readObject, type StoredObject } from './stored-objects.ts';

/** A part of a file as it is stored; larger ones cost less each. */
const PART_BYTES = 1024 * 1024;
const PUT_TIMEOUT_MS = 10_000;
/** Of deleted files, at once; the rest next time. */
const PURGED_MAX = 1_000;
const OBJECTS = `OBJ_${buckets.snapshots}`;

type Stream = { readonly client: JetStreamClient; readonly manager: JetStreamManager };

export type TransferOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of all are done. */
  readonly onProgress?: (bytes: number) => void;
};

/**
 * Shared snapshots. Files lie in a JetStream object store, manifests in a KV bucket, whose newest values every process
 * has in memory. A manifest is written after its files and removed before them, so what has one is complete.
 */
export class SnapshotStore {
  readonly #manifests: KvMirror<ShardSnapshot>;
  readonly #objects: ObjectStore;
  readonly #stream: Stream;

  private constructor(manifests: KvMirror<ShardSnapshot>, objects: ObjectStore, stream: Stream) {
    this.#manifests = manifests;
    this.#objects = objects;
    this.#stream = stream;
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<SnapshotStore> {
    const { connection, replicas } = options;
    // The one in JavaScript, which is the default, makes transfers five times slower.
    setSha256Backend('native');
    const manifests = await KvMirror.open({ ...options, bucket: buckets.manifests, schema: ShardSnapshot });
    try {
      const client = jetstream(connection);
      const objects = await openWhileElecting('the store of shared snapshots', async () =>
        new Objm(client).create(buckets.snapshots, { replicas, storage: StorageType.File }),
      );
      const manager = await jetstreamManager(connection, { checkAPI: false });
      return new SnapshotStore(manifests, objects, { client, manager });
    } catch (cause) {
      manifests.close();
      throw cause;
    }
  }

  /** The complete ones of a shard, newest first. */
  list(uid: CollectionUid, shard: number): ShardSnapshot[] {
    return this.#manifests
      .values()
      .filter((manifest) => manifest.uid === uid && manifest.shard === shard)
      .toSorted((a, b) => b.sequence - a.sequence);
  }

  newest(uid: CollectionUid, shard: number): ShardSnapshot | undefined {
    return this.list(uid, shard)[0];
  }

  /** Whose files and manifests there are, collections' and backups', and when the newest of each was stored. */
  async stored(): Promise<ReadonlyMap<CollectionUid, string>> {
    const newest = new Map<CollectionUid, string>();
    const note = (uid: CollectionUid, at: string): void => {
      if (at > (newest.get(uid) ?? '')) newest.set(uid, at);
    };
    for (const { uid, taken_at } of this.#manifests.values()) note(uid, taken_at);
    for (const { name, at } of await this.#stored()) {
      const uid = placeOf(name)?.uid;
      if (uid !== undefined) note(uid, at);
    }
    return newest;
  }

  /**
   * What uploads have left, or are about to complete: files of snapshots without a manifest, and parts of files that are not
   * complete. Each with how much there is of it, by which one that grows is told from one that was left.
   */
  async unfinished(): Promise<readonly Unfinished[]> {
    const objects = await this.#stored();
    const files = objects.flatMap(({ name, size }) => {
      const place = placeOf(name);
      const complete = place === undefined || this.#manifests.get(keyOf(place)) !== undefined;
      const remove = async (): Promise<void> => void (await this.#objects.delete(name));
      return complete ? [] : [{ name, uid: place.uid, size, remove }];
    });
    const known = new Set(objects.map(({ nuid }) => nuid));
    return [...files, ...(await this.#strayParts(known))];
  }

  /** Stores the files that the manifest names from a directory. Durable when it returns. */
  async put(manifest: ShardSnapshot, directory: string, { signal, onProgress }: TransferOptions = {}): Promise<void> {
    let done = 0;
    for (const file of manifest.files) {
      signal?.throwIfAborted();
      const parts = partsOf(join(directory, file.path), { signal, onPart: (bytes) => onProgress?.((done += bytes)) });
      try {
        await this.putFile(manifest, file, parts);
      } finally {
        // Between parts too, where what the store says of it is not the reason.
        signal?.throwIfAborted();
      }
    }
    await this.complete(manifest);
  }

  /** Stores one file from its parts, taken one by one. What they throw is thrown, and then nothing is stored; they are ended in any case. */
  async putFile(manifest: ShardSnapshot, file: SnapshotFile, parts: AsyncIterable<Uint8Array>): Promise<void> {
    const source = Readable.from(parts);
    try {
      await this.#ask(async () =>
        this.#objects.put(
          { name: objectName(manifest, file), options: { max_chunk_size: PART_BYTES } },
          Readable.toWeb(source) as ReadableStream<Uint8Array>,
          { timeout: PUT_TIMEOUT_MS },
        ),
      );
    } finally {
      // The library lets go of what it has not read to its end: a file would stay open, and take room even when it is removed.
      source.destroy();
    }
  }

  /** Makes a snapshot of files that are stored. */
  async complete(manifest: ShardSnapshot): Promise<void> {
    await this.#manifests.put(keyOf(manifest), manifest);
  }

  /**
   * Brings the files of a snapshot into a directory. What is there already and is right is not brought again, so a
   * transfer that was cut short goes on. Throws `storage_error` when a file is not what the manifest says.
   */
  async fetch(manifest: ShardSnapshot, directory: string, { signal, onProgress }: TransferOptions = {}): Promise<void> {
    let done = 0;
    for (const file of manifest.files) {
      const path = join(directory, file.path);
      await mkdir(dirname(path), { recursive: true });
      if (!(await isThere(path, file))) {
        const before = done;
        await this.#fetchFile(manifest, file, { path, signal, onPart: (bytes) => onProgress?.(before + bytes) });
      }
      done += file.bytes;
      onProgress?.(done);
    }
  }

  /**
   * The content of one file, part by part, at the reader's pace. Throws `storage_error`, before or after the last part, when it
   * is not what the manifest says.
   */
  async *read(manifest: ShardSnapshot, file: SnapshotFile): AsyncGenerator<Uint8Array> {
    const name = objectName(manifest, file);
    const object = await this.#ask(async () => this.#objects.info(name));
    if (object === null || object.deleted) throw notThere(file);
    const parts = readObject({ ...this.#stream, bucket: buckets.snapshots, object })[Symbol.asyncIterator]();
    const check = new FileCheck(file);
    try {
      for (;;) {
        const { done, value } = await this.#ask(async () => parts.next());
        if (done === true) break;
        check.take(value);
        yield value;
      }
    } finally {
      await parts.return(undefined);
    }
    if (!check.isPassed()) {
      throw new Failure('storage_error', `${file.path} of a snapshot is not what its manifest says`);
    }
  }

  /** Keeps the newest of a shard; removes older ones, and files of such that were never completed. */
  async prune(uid: CollectionUid, shard: number, keep: number): Promise<void> {
    const kept = this.list(uid, shard).slice(0, keep);
    for (const manifest of this.list(uid, shard).slice(keep)) await this.#manifests.delete(keyOf(manifest));
    const newest = kept[0]?.sequence ?? 0;
    // Newer ones may be on their way.
    await this.#removeObjects((place) => {
      const old = place.uid === uid && place.shard === shard && place.sequence < newest;
      return old && !kept.some(({ sequence }) => sequence === place.sequence);
    });
  }

  /** All that is stored of a collection, or of a backup. */
  async dropAll(uid: CollectionUid): Promise<void> {
    for (const manifest of this.#manifests.values()) {
      if (manifest.uid === uid) await this.#manifests.delete(keyOf(manifest));
    }
    await this.#removeObjects((place) => place.uid === uid);
  }

  /** Removes what deletions have left, of manifests and of files; answers how many those were. */
  async purgeDeleted(): Promise<number> {
    const { manager } = this.#stream;
    const left = (await this.#listed()).filter(({ deleted }) => deleted === true);
    const removed = left.slice(0, PURGED_MAX);
    for (const { name, revision } of removed) {
      const filter = `$O.${buckets.snapshots}.M.${Base64UrlPaddedCodec.encode(name)}`;
      await this.#ask(async () => manager.streams.purge(OBJECTS, { filter, seq: revision + 1 }));
    }
    return removed.length + (await this.#manifests.purgeDeleted());
  }

  close(): void {
    this.#manifests.close();
  }

  async #fetchFile(
    manifest: ShardSnapshot,
    file: SnapshotFile,
    to: { readonly path: string; readonly signal: AbortSignal | undefined; readonly onPart: (bytes: number) => void },
  ): Promise<void> {
    const temporary = `${to.path}.part`;
    let bytes = 0;
    {
      await using handle = await open(temporary, 'w');
      for await (const part of this.read(manifest, file)) {
        to.signal?.throwIfAborted();
        await handle.writeFile(part);
        bytes += part.length;
        to.onPart(bytes);
      }
      await handle.sync();
    }
    await rename(temporary, to.path);
  }

  async #stored(): Promise<StoredObject[]> {
    return (await this.#listed()).filter(({ deleted }) => deleted !== true);
  }

  async #listed(): Promise<StoredObject[]> {
    return this.#ask(async () => listObjects({ ...this.#stream, bucket: buckets.snapshots }));
  }

  async #strayParts(known: ReadonlySet<string>): Promise<Unfinished[]> {
    const { manager } = this.#stream;
    const prefix = `$O.${buckets.snapshots}.C.`;
    const { state } = await this.#ask(async () => manager.streams.info(OBJECTS, { subjects_filter: `${prefix}>` }));
    return Object.entries(state.subjects ?? {}).flatMap(([filter, size]) =>
      known.has(filter.slice(prefix.length))
        ? []
        : [{ name: filter, size, remove: async () => void (await manager.streams.purge(OBJECTS, { filter })) }],
    );
  }

  async #removeObjects(unwanted: (place: Place) => boolean): Promise<void> {
    for (const { name } of await this.#stored()) {
      const place = placeOf(name);
      if (place !== undefined && unwanted(place)) await this.#ask(async () => this.#objects.delete(name));
    }
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw new Failure('log_unavailable', 'the store of shared snapshots does not answer', { cause });
    }
  }
}

async function* partsOf(
  path: string,
  { signal, onPart }: { readonly signal: AbortSignal | undefined; readonly onPart: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  for await (const part of createReadStream(path, { highWaterMark: PART_BYTES }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    yield part;
    onPart(part.length);
  }
}

export type Unfinished = {
  readonly name: string;
  /** Whose it is; of parts of files nobody knows. */
  readonly uid?: CollectionUid;
  readonly size: number;
  readonly remove: () => Promise<void>;
};
type Place = { readonly uid: CollectionUid; readonly shard: number; readonly sequence: number };

function objectName({ uid, shard, sequence }: ShardSnapshot, { path }: SnapshotFile): string {
  return `${uid}/${shard}/${sequence}/${path}`;
}

function placeOf(name: string): Place | undefined {
  const [, uid, shard, sequence] = /^([a-z0-9]{16})\/(\d+)\/(\d+)\//.exec(name) ?? [];
  return uid === undefined
    ? undefined
    : { uid: CollectionUid.parse(uid), shard: Number(shard), sequence: Number(sequence) };
}

function keyOf({ uid, shard, sequence }: Place): string {
  return `${uid}.${shard}.${sequence}`;
}

async function isThere(path: string, { bytes, sha256 }: SnapshotFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== bytes) return false;
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: PART_BYTES }), digest);
  return digest.digest('hex') === sha256;
}

function notThere({ path }: SnapshotFile): Failure {
  return new Failure('storage_error', `${path} of a snapshot is not stored any more`);
}
