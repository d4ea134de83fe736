import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNats, SnapshotStore } from '@vectorizer/cluster';
import { createLogger } from '@vectorizer/telemetry';
import type { System } from './system.ts';

type LogServer = AsyncDisposable & {
  readonly snapshots: SnapshotStore;
  /** One request, answered by the server itself. */
  ask(subject: string, body?: object): Promise<void>;
};

/** The log server behind an instance, for what its own services would never do. */
export async function logServerOf(system: System): Promise<LogServer> {
  const log = await readFile(join(system.data, 'run', 'nats.log'), 'utf8');
  const [, address] = /Listening for client connections on (\S+)/.exec(log) ?? [];
  if (address === undefined) throw new Error('the log server says where it listens');
  const connection = await connectNats({ servers: `nats://${address}`, name: 'test' });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const snapshots = await SnapshotStore.open({ connection, replicas: 1, logger });
  return {
    snapshots,
    async ask(subject, body = {}) {
      await connection.request(subject, JSON.stringify(body));
    },
    async [Symbol.asyncDispose]() {
      snapshots.close();
      await connection.close();
    },
  };
}
