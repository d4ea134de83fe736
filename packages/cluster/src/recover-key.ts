import { randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { buckets, type KeyRecord } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { createLogger } from '@vectorizer/telemetry';
import { idInKey } from './api-key.ts';
import { AuditLog } from './audit-log.ts';
import { auditedAct } from './audited-act.ts';
import { connectNats, type NatsConnection, type TlsFiles } from './connection.ts';
import { EVERYTHING, KeyRegistry } from './key-registry.ts';

export type Recovery = {
  /** The addresses of the log servers, with commas between. */
  readonly servers: string;
  /** Of one who may write keys: the operator, or a gateway. Undefined where everything is in the clear. */
  readonly tls?: TlsFiles | undefined;
  /** The key itself. */
  readonly text: string;
};

/**
 * Makes a key that may everything, past the gateways, for whoever has lost all of theirs and can reach the log servers, to which
 * everything is open anyway. It stands in the audit log. Throws `not_found` where no key was ever made, which is for the first
 * start to do.
 */
export async function recoverKey({ servers, tls, text }: Recovery): Promise<KeyRecord> {
  const name = tls === undefined ? 'operator' : await commonNameIn(tls.certFile);
  const connection = await connectNats({ servers, name, ...(tls !== undefined && { tls }) });
  try {
    const replicas = await replicasOf(connection);
    const keys = await KeyRegistry.open({
      connection,
      replicas,
      logger: createLogger({ service: 'recovery', level: 'silent' }),
    });
    const audit = await AuditLog.open({ connection, replicas });
    const by = `operator ${userInfo().username}@${hostname()}`;
    try {
      const target = `/api/v1/auth/keys/${idInKey(text) ?? ''}`;
      const act = { actor: by, action: 'keys.recover', target, address: hostname(), change: randomUUID() };
      const { record } = await auditedAct(audit, act, async () =>
        keys.create({ name: 'recovered', ...EVERYTHING }, by, text),
      );
      return record;
    } finally {
      keys.close();
    }
  } finally {
    await connection.close();
  }
}

/** As many as the bucket of the keys has: another number would be another bucket. */
async function replicasOf(connection: NatsConnection): Promise<number> {
  try {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info(`KV_${buckets.keys}`)).config.num_replicas;
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError) || cause.code !== JetStreamApiCodes.StreamNotFound) throw cause;
    throw new Failure('not_found', 'no key was ever made there: start with --init-key FILE, which makes the first');
  }
}

/** By which the log servers know whoever comes with it, and say where it hears their answers. */
async function commonNameIn(certFile: string): Promise<string> {
  const { subject } = new X509Certificate(await readFile(certFile));
  return /^CN=(.+)$/m.exec(subject)?.[1] ?? '';
}
