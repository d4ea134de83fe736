import { randomUUID } from 'node:crypto';
import { jetstream, StorageType } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '@vectorizer/contracts';
import { API } from './connection.ts';
import { openWhileElecting } from './elections.ts';

const KEY = 'id';

/**
 * The name of a cluster: made by the first process that asks, and the same for all from then on. What belongs to one
 * cluster, as an index node's directory does, is so told from another's.
 */
export async function clusterId(options: {
  readonly connection: NatsConnection;
  readonly replicas: number;
}): Promise<string> {
  const { connection, replicas } = options;
  return openWhileElecting('the name of the cluster', async () => {
    const kv = await new Kvm(jetstream(connection, API)).create(buckets.cluster, {
      history: 1,
      replicas,
      storage: StorageType.File,
      allow_direct: false,
    });
    return (await read(kv)) ?? (await create(kv));
  });
}

async function read(kv: KV): Promise<string | undefined> {
  return (await kv.get(KEY))?.string();
}

async function create(kv: KV): Promise<string> {
  const id = randomUUID();
  try {
    await kv.create(KEY, id);
    return id;
  } catch (cause) {
    // Another process was first, or the answer got lost.
    const found = await read(kv);
    if (found === undefined) throw cause;
    return found;
  }
}
