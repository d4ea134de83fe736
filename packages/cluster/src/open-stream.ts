import {
  jetstream,
  jetstreamManager,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { openWhileElecting } from './elections.ts';

export type StreamOptions = { readonly connection: NatsConnection; readonly replicas: number };
export type OpenStream = { readonly client: JetStreamClient; readonly manager: JetStreamManager };

/** Makes a stream that there is one of, kept on disk and read from its leader only, where it is not there yet. */
export async function openStream(
  { connection, replicas }: StreamOptions,
  config: Partial<StreamConfig> & { readonly name: string },
  { timeout }: { readonly timeout: number },
): Promise<OpenStream> {
  return openWhileElecting(`stream ${config.name}`, async () => {
    const manager = await jetstreamManager(connection, { timeout });
    await manager.streams.add({ ...config, storage: StorageType.File, num_replicas: replicas, allow_direct: false });
    return { client: jetstream(connection, { timeout }), manager };
  });
}
