import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { connectNats, SnapshotStore } from '@vectorizer/cluster';
import { createLogger } from '@vectorizer/telemetry';
import { operator } from './secure.ts';
import type { System } from './system.ts';

export type LogServer = AsyncDisposable & {
  readonly snapshots: SnapshotStore;
  /** One request, answered by the server itself; bytes are sent as they are. */
  ask(subject: string, body?: object | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<unknown>;
};

/** The log server behind an instance, the first of several, for what its own services would never do. */
export async function logServerOf(system: System): Promise<LogServer> {
  const names = (await system.status()).processes.map(({ name }) => name).filter((name) => name.startsWith('nats'));
  const log = await readFile(join(system.data, 'run', `${names.toSorted()[0]}.log`), 'utf8');
  const [, address] = /Listening for client connections on (\S+)/.exec(log) ?? [];
  if (address === undefined) throw new Error('the log server says where it listens');
  const connection = await connectNats({ servers: `nats://${address}`, name: 'test', ...operator() });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const snapshots = await SnapshotStore.open({ connection, replicas: names.length, logger });
  return {
    snapshots,
    async ask(subject, body = {}, given = {}) {
      const headers = natsHeaders();
      for (const [name, value] of Object.entries(given)) headers.set(name, value);
      const bytes = body instanceof Uint8Array ? body : JSON.stringify(body);
      return (await connection.request(subject, bytes, { timeout: 5_000, headers })).json();
    },
    async [Symbol.asyncDispose]() {
      snapshots.close();
      await connection.close();
    },
  };
}
