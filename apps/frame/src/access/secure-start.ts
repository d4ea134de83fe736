import { open, rm, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { Access } from './access.ts';
import { isLoopback } from './loopback.ts';

export type SecureStart = {
  readonly access: Access;
  readonly host: string;
  readonly logger: Logger;
  /** Whoever they forward for comes from elsewhere, though the address be loopback. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Where the first key is to be written, when there is none yet. */
  readonly bootstrapKeyFile?: string | undefined;
};

const WAY = 'start with --init-key FILE (VECTORIZER_BOOTSTRAP_KEY_FILE), which makes the first';
/** Another gateway that was started with the same file makes the key meanwhile. */
const OTHER_MS_MAX = 5_000;
const OTHER_POLL_MS = 20;

/**
 * Before the public door opens: makes the first key where one is wanted, and refuses to stand open to other machines. The key
 * is written to its file, which only its owner may read, and to nowhere else.
 */
export async function secureStart(options: SecureStart): Promise<void> {
  const { access, host, logger, bootstrapKeyFile, trustedProxies } = options;
  if (access.hasNoKeys && bootstrapKeyFile !== undefined) await makeFirstKey(access, bootstrapKeyFile, logger);
  if (access.isOpen && trustedProxies !== undefined) {
    throw new Failure('validation_error', `proxies forward to ${host} for others, and there is no key; ${WAY}`);
  } else if (access.isOpen) {
    logger.warn({ host }, 'open: whoever can reach this address may do everything, as there are no keys');
  } else if (access.hasNoKeys && !isLoopback(host)) {
    const reason = `${host} can be reached by other machines, and there is no key`;
    throw new Failure('validation_error', `${reason}; ${WAY}`);
  }
}

async function makeFirstKey(access: Access, path: string, logger: Logger): Promise<void> {
  const file = await reserve(path);
  if (file === undefined) {
    if (await hasKeysSoon(access)) return;
    const reason = `the first key is to be written to ${path}, and something is there already`;
    throw new Failure('validation_error', reason);
  }
  try {
    const { record, key } = await access.keys.create(
      {
        name: 'bootstrap',
        roles: ['admin'],
        collections: ['*'],
        events: ['>'],
        rate: { tier: 'unlimited' },
      },
      'the first start',
    );
    await file.writeFile(`${key}\n`);
    await file.sync();
    logger.info({ key: record.id, file: path }, 'the first key was made');
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await file.close();
  }
}

/** Undefined when there is such a file. */
async function reserve(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return undefined;
    throw new Failure('storage_error', `the first key cannot be written to ${path}: ${String(cause)}`, { cause });
  }
}

async function hasKeysSoon(access: Access): Promise<boolean> {
  const deadline = Date.now() + OTHER_MS_MAX;
  while (access.hasNoKeys && Date.now() < deadline) await sleep(OTHER_POLL_MS);
  return !access.hasNoKeys;
}
