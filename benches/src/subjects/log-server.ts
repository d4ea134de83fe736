import { connectNats, SnapshotStore } from '@vectorizer/cluster';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { startNats } from '@vectorizer/testing';

/** A log server of its own, durable as in production, with what an index node asks of it. */
export type LogServer = AsyncDisposable & { readonly log: Log; readonly snapshots: SnapshotStore };

export async function startLogServer(): Promise<LogServer> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats());
  const connection = await connectNats({ servers: nats.url, name: 'bench' });
  stack.defer(() => connection.close());
  const logger = createLogger({ service: 'bench', level: 'warn' });
  const snapshots = await SnapshotStore.open({ connection, replicas: 1, logger });
  stack.defer(() => snapshots.close());
  const log = await Log.open({ connection, replicas: 1 });
  const held = stack.move();
  return { log, snapshots, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
