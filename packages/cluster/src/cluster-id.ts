import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, StorageType } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { API } from './connection.ts';
import { openWhileElecting } from './elections.ts';

const KEY = 'id';
/** Log servers that do not say whose they are are asked again after this. */
const ASK_AGAIN_MS = 1_000;

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

/**
 * Tells when the connection has come to log servers of another cluster, as when their address was given to others: nothing that
 * this process knows holds there. Until they say whose they are nothing is told.
 */
export function watchCluster(
  { connection, cluster }: { readonly connection: NatsConnection; readonly cluster: string },
  onOther: (failure: Failure) => void,
): void {
  const isOther = async (): Promise<boolean> => {
    const found = await whoseTheyAre(connection);
    if (found === undefined || found === cluster) return false;
    const message = `this process is of cluster ${cluster}, and these log servers are of cluster ${found} now`;
    onOther(new Failure('log_unavailable', message));
    return true;
  };
  const watch = async (changes: ReturnType<NatsConnection['status']>): Promise<void> => {
    // The connection may have come to others since the name was asked for.
    if (await isOther()) return;
    for await (const { type } of changes) if (type === 'reconnect' && (await isOther())) return;
  };
  void watch(connection.status());
}

/** Whether the log servers say that they are of this cluster; false when they do not say. */
export async function isOfCluster(connection: NatsConnection, cluster: string): Promise<boolean> {
  return ask(connection).then(
    (found) => found === cluster,
    () => false,
  );
}

/** Undefined once the connection is closed. */
async function whoseTheyAre(connection: NatsConnection): Promise<string | undefined> {
  while (!connection.isClosed()) {
    try {
      const found = await ask(connection);
      if (found !== undefined) return found;
    } catch {
      // They are away again, elect a leader, or hold nothing yet.
    }
    await sleep(ASK_AGAIN_MS, undefined, { ref: false });
  }
  return undefined;
}

async function ask(connection: NatsConnection): Promise<string | undefined> {
  return read(await new Kvm(jetstream(connection, API)).open(buckets.cluster));
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
