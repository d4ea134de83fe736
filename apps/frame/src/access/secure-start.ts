import { open, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditedAct, EVERYTHING, idInKey, newKeyId, newKeyText, type AuditLog } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { Access } from './access.ts';
import { isLoopback } from './loopback.ts';

export type SecureStart = {
  readonly access: Access;
  readonly audit: AuditLog;
  readonly host: string;
  readonly logger: Logger;
  /** Whoever they forward for comes from elsewhere, though the address be loopback. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Where the first key is, or is to be written, when there is none yet. */
  readonly bootstrapKeyFile?: string | undefined;
};

const WAY = 'start with --init-key FILE (VECTORIZER_BOOTSTRAP_KEY_FILE), which makes the first';
/** Another gateway that was started with the same file is writing it. */
const OTHER_MS_MAX = 5_000;
const OTHER_POLL_MS = 20;

/**
 * Before the public door opens: makes the first key where one is wanted, and refuses to stand open to other machines. The key
 * is in its file, which only its owner may read, and nowhere else, before it is made: a process that is killed between the two
 * makes it when it is started again. So may a store of secrets have put one there, for all gateways together.
 */
export async function secureStart(options: SecureStart): Promise<void> {
  const { access, host, logger, bootstrapKeyFile, trustedProxies } = options;
  // Also where there is an issuer of tokens: whoever administers it need not be who administers this.
  if (access.keys.isEmpty && bootstrapKeyFile !== undefined) await makeFirstKey(options, bootstrapKeyFile);
  if (access.isOpen && trustedProxies !== undefined) {
    throw new Failure('validation_error', `proxies forward to ${host} for others, and there is no key; ${WAY}`);
  } else if (access.isOpen) {
    logger.warn({ host }, 'open: whoever can reach this address may do everything, as there are no keys');
  } else if (access.hasNoKeys && !isLoopback(host)) {
    const reason = `${host} can be reached by other machines, and there is no key`;
    throw new Failure('validation_error', `${reason}; ${WAY}`);
  }
}

async function makeFirstKey({ access, audit, logger }: SecureStart, path: string): Promise<void> {
  const text = await keyIn(path, access);
  if (text === undefined) return;
  const id = idInKey(text) ?? '';
  // Of gateways that make it together each would tell of it; under one name it is told once.
  const what = { action: 'keys.create', target: `/api/v1/auth/keys/${id}`, change: `first-key ${id}` };
  const act = { actor: 'operator the first start', address: hostname(), ...what };
  const { record } = await auditedAct(audit, act, async () =>
    access.keys.create({ name: 'bootstrap', ...EVERYTHING }, 'the first start', text),
  );
  logger.info({ key: record.id, file: path }, 'the first key was made');
}

/** The key that is there, or is written there now; undefined when there are keys, as another gateway was quicker. */
async function keyIn(path: string, access: Access): Promise<string | undefined> {
  const deadline = Date.now() + OTHER_MS_MAX;
  while (access.keys.isEmpty) {
    const text = (await read(path)) ?? (await write(path, newKeyText(newKeyId())));
    if (text !== undefined && idInKey(text) !== undefined) return text;
    if ((text ?? '') !== '' || Date.now() > deadline) {
      throw new Failure('validation_error', `the first key is to be in ${path}, and what is there is no key`);
    }
    await sleep(OTHER_POLL_MS);
  }
  return undefined;
}

/** Undefined when there is no such file. */
async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    return unless('ENOENT', cause, `the first key cannot be read from ${path}`);
  }
}

/** Undefined when there is such a file by now. */
async function write(path: string, key: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(`${key}\n`);
    await file.sync();
    return key;
  } catch (cause) {
    return unless('EEXIST', cause, `the first key cannot be written to ${path}`);
  }
}

function unless(code: string, cause: unknown, message: string): undefined {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === code) return undefined;
  throw new Failure('storage_error', `${message}: ${String(cause)}`, { cause });
}
