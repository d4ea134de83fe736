import {
  jetstream,
  jetstreamManager,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { isOfAnotherRelease, openWhileElecting } from './elections.ts';

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
    const wanted = { ...config, storage: StorageType.File, num_replicas: replicas, allow_direct: false };
    await manager.streams.add(wanted).catch(async (cause: unknown) => {
      if (!isOfAnotherRelease(cause)) throw cause;
      await bringUpToDate(manager, wanted, cause);
    });
    return { client: jetstream(connection, { timeout }), manager };
  });
}

/**
 * A stream that an earlier release made differently is changed. On an encrypted log server not every service may do that:
 * those that may not try again, until one that may has done it.
 */
async function bringUpToDate(
  manager: JetStreamManager,
  wanted: Partial<StreamConfig> & { readonly name: string },
  refusal: unknown,
): Promise<void> {
  try {
    await manager.streams.update(wanted.name, wanted);
  } catch (cause) {
    throw cause instanceof errors.PermissionViolationError ? refusal : cause;
  }
}
