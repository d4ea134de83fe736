import type { JetStreamManager } from '@nats-io/jetstream';
import type { KV, KvWatchEntry } from '@nats-io/kv';

/** Removed at once; the rest next time. */
const PURGED_MAX = 1_000;

type Bucket = { readonly kv: KV; readonly manager: JetStreamManager; readonly bucket: string };

/** Removes what deletions that are older than this have left in a bucket, but for its newest record; answers how many that were. */
export async function purgeMarkers({ kv, manager, bucket }: Bucket, olderMs: number): Promise<number> {
  const stream = `KV_${bucket}`;
  const { state } = await manager.streams.info(stream);
  const before = Date.now() - olderMs;
  const markers: KvWatchEntry[] = [];
  for await (const entry of await kv.history({ key: '>' })) {
    const isOld = entry.operation !== 'PUT' && entry.created.getTime() < before && entry.revision < state.last_seq;
    if (isOld && markers.length < PURGED_MAX) markers.push(entry);
  }
  for (const { key, revision } of markers) {
    // Up to the marker: the key may have got a value meanwhile.
    await manager.streams.purge(stream, { filter: `$KV.${bucket}.${key}`, seq: revision + 1 });
  }
  return markers.length;
}
