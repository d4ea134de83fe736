import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TransferOptions } from '@vectorizer/cluster';
import { bytesOf, type CollectionUid, type ShardSnapshot } from '@vectorizer/contracts';
import type { Shard } from '@vectorizer/engine';
import type { ReplicaPlace } from './full-sync.ts';

type Place = Pick<ReplicaPlace, 'shard' | 'directory' | 'snapshots' | 'logger'>;

type StoreOptions = TransferOptions & { readonly into: CollectionUid };

/** Writes a snapshot of a shard beside its directory and stores it under `into`, a collection's name or a backup's. */
export async function storeSnapshot(
  state: Shard,
  { shard, directory, snapshots, logger }: Place,
  { into, ...transfer }: StoreOptions,
): Promise<ShardSnapshot> {
  const outgoing = join(`${directory}.outgoing`, into);
  const start = performance.now();
  try {
    await rm(outgoing, { recursive: true, force: true });
    await mkdir(outgoing, { recursive: true });
    const written = await state.writeSnapshot(outgoing, transfer);
    const manifest: ShardSnapshot = { v: 1, uid: into, shard, taken_at: new Date().toISOString(), ...written };
    await snapshots.put(manifest, outgoing, transfer);
    const seconds = (performance.now() - start) / 1_000;
    logger.info({ into, sequence: manifest.sequence, bytes: bytesOf(manifest), seconds }, 'stored a snapshot');
    return manifest;
  } finally {
    await rm(outgoing, { recursive: true, force: true });
  }
}
