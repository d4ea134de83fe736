import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jetstream } from '@nats-io/jetstream';
import { Objm, setSha256Backend, StorageType, type ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, ShardSnapshot, type CollectionUid, type SnapshotFile } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { openWhileElecting } from './elections.ts';
import { KvMirror } from './kv-mirror.ts';

/** A part of a file as it is stored; larger ones cost less each. */
const PART_BYTES = 1024 * 1024;
/** A transfer that moves nothing for this long has failed; it goes on with the file that it was at. */
const STALLED_MS = 10_000;
const PUT_TIMEOUT_MS = 10_000;

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

  private constructor(manifests: KvMirror<ShardSnapshot>, objects: ObjectStore) {
    this.#manifests = manifests;
    this.#objects = objects;
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
      const objects = await openWhileElecting('the store of shared snapshots', async () =>
        new Objm(jetstream(connection)).create(buckets.snapshots, { replicas, storage: StorageType.File }),
      );
      return new SnapshotStore(manifests, objects);
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

  /** Whose snapshots there are: of collections, and of backups. */
  uids(): CollectionUid[] {
    return [...new Set(this.#manifests.values().map(({ uid }) => uid))];
  }

  /** Stores the files that the manifest names from a directory. Durable when it returns. */
  async put(manifest: ShardSnapshot, directory: string, { signal, onProgress }: TransferOptions = {}): Promise<void> {
    let done = 0;
    for (const file of manifest.files) {
      signal?.throwIfAborted();
      const source = createReadStream(join(directory, file.path), { highWaterMark: PART_BYTES });
      source.on('data', (part) => onProgress?.((done += part.length)));
      await this.#ask(async () =>
        this.#objects.put(
          { name: objectName(manifest, file), options: { max_chunk_size: PART_BYTES } },
          Readable.toWeb(source) as ReadableStream<Uint8Array>,
          { timeout: PUT_TIMEOUT_MS },
        ),
      );
    }
    signal?.throwIfAborted();
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

  /** The content of one file, part by part. Whoever stops early lets go of it. */
  async *read(manifest: ShardSnapshot, file: SnapshotFile): AsyncGenerator<Uint8Array> {
    const object = await this.#ask(async () => this.#objects.get(objectName(manifest, file)));
    if (object === null) throw new Failure('storage_error', `${file.path} of a snapshot is not stored any more`);
    // It rejects with what the stream throws, too.
    object.error.catch(() => undefined);
    const reader = object.data.getReader();
    try {
      for (;;) {
        const { done, value } = await this.#ask(async () => timely(reader.read()));
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
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

  close(): void {
    this.#manifests.close();
  }

  async #fetchFile(
    manifest: ShardSnapshot,
    file: SnapshotFile,
    to: { readonly path: string; readonly signal: AbortSignal | undefined; readonly onPart: (bytes: number) => void },
  ): Promise<void> {
    const temporary = `${to.path}.part`;
    const digest = createHash('sha256');
    let bytes = 0;
    {
      await using handle = await open(temporary, 'w');
      for await (const part of this.read(manifest, file)) {
        to.signal?.throwIfAborted();
        digest.update(part);
        await handle.writeFile(part);
        bytes += part.length;
        to.onPart(bytes);
      }
      await handle.sync();
    }
    if (bytes !== file.bytes || digest.digest('hex') !== file.sha256) {
      await rm(temporary, { force: true });
      throw new Failure('storage_error', `${file.path} of a shared snapshot is not what its manifest says`);
    }
    await rename(temporary, to.path);
  }

  async #removeObjects(unwanted: (place: Place) => boolean): Promise<void> {
    const objects = await this.#ask(async () => this.#objects.list());
    for (const { name, deleted } of objects) {
      const place = placeOf(name);
      if (!deleted && place !== undefined && unwanted(place)) await this.#ask(async () => this.#objects.delete(name));
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

type Place = { readonly uid: string; readonly shard: number; readonly sequence: number };

function objectName({ uid, shard, sequence }: ShardSnapshot, { path }: SnapshotFile): string {
  return `${uid}/${shard}/${sequence}/${path}`;
}

function placeOf(name: string): Place | undefined {
  const [, uid, shard, sequence] = /^([a-z0-9]{16})\/(\d+)\/(\d+)\//.exec(name) ?? [];
  return uid === undefined ? undefined : { uid, shard: Number(shard), sequence: Number(sequence) };
}

function keyOf({ uid, shard, sequence }: ShardSnapshot): string {
  return `${uid}.${shard}.${sequence}`;
}

async function isThere(path: string, { bytes, sha256 }: SnapshotFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== bytes) return false;
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: PART_BYTES }), digest);
  return digest.digest('hex') === sha256;
}

async function timely<T>(read: Promise<T>): Promise<T> {
  const { promise: stalled, reject } = Promise.withResolvers<never>();
  const failure = new Failure('log_unavailable', `a transfer moved nothing for ${STALLED_MS} ms`);
  const timer = setTimeout(reject, STALLED_MS, failure);
  try {
    return await Promise.race([read, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
