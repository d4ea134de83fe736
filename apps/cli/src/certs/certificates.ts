import { createHash, randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { newCalloutKey } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import { writeWhole } from '@vectorizer/files';
import { makeDirectory } from '../process/make-directory.ts';
import { Authority } from './authority.ts';
import { files, IDENTITIES, REDIS_USERS, type RedisUser } from './files.ts';

/** Which of Redis's keys a user may use. */
const REDIS_SCOPES: Readonly<Record<RedisUser, string>> = {
  query: '~vz:cache:*',
  gateway: '~vz:rate:*',
  standalone: '~vz:*',
};

export type CertificateOptions = {
  readonly directory: string;
  /** Beside this machine's loopback: where the services are reached. */
  readonly hosts: readonly string[];
  readonly days: number;
};

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const SECRET_BYTES = 32;
/** A key and a secret are their owner's alone. */
const PRIVATE = 0o600;
const PUBLIC = 0o644;

/**
 * Makes an authority, Redis passwords and the key by which producers are let in where there are none, and new certificates for everybody. Run again it keeps the
 * former, so that whoever trusts the authority goes on doing so. Answers whether the authority is a new one.
 */
export async function writeCertificates({ directory, hosts, days }: CertificateOptions): Promise<'new' | 'kept'> {
  await makeDirectory(directory);
  const known = await loadAuthority(directory);
  const authority = known ?? (await Authority.create('Vectorizer development CA'));
  if (known === undefined) {
    await writeWhole(files.authorityKey(directory), authority.key, { mode: PRIVATE });
    await writeWhole(files.authority(directory), authority.certificate, { mode: PUBLIC });
  }
  for (const name of IDENTITIES) {
    const { certificate, key } = await authority.issue({ name, hosts: [...LOOPBACK, ...hosts], days });
    await writeWhole(files.key(directory, name), key, { mode: PRIVATE });
    await writeWhole(files.certificate(directory, name), certificate, { mode: PUBLIC });
  }
  if ((await readOrUndefined(files.redisUsers(directory))) === undefined) await writeRedisUsers(directory);
  if ((await readOrUndefined(files.calloutIssuer(directory))) === undefined) await writeCallout(directory);
  return known === undefined ? 'new' : 'kept';
}

/** Whether everything is there that an instance needs. */
export async function hasCertificates(directory: string): Promise<boolean> {
  const needed = [
    files.authority(directory),
    files.redisUsers(directory),
    files.calloutSeed(directory),
    files.calloutIssuer(directory),
    ...IDENTITIES.flatMap((name) => [files.certificate(directory, name), files.key(directory, name)]),
  ];
  return Promise.all(needed.map(async (file) => access(file))).then(
    () => true,
    () => false,
  );
}

async function loadAuthority(directory: string): Promise<Authority | undefined> {
  const [certificate, key] = await Promise.all([
    readOrUndefined(files.authority(directory)),
    readOrUndefined(files.authorityKey(directory)),
  ]);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new Failure('storage_error', `${directory} holds half an authority; ca.crt and ca.key belong together`);
  }
  return Authority.load({ certificate, key }).catch((cause: unknown) => {
    throw new Failure('storage_error', `the authority in ${directory} cannot be read`, { cause });
  });
}

/** The issuer, which log servers are told, is written last: where it is, the seed is. */
async function writeCallout(directory: string): Promise<void> {
  const { seed, issuer } = newCalloutKey();
  await writeWhole(files.calloutSeed(directory), seed, { mode: PRIVATE });
  await writeWhole(files.calloutIssuer(directory), issuer, { mode: PUBLIC });
}

/** Redis keeps hashes; each service reads its own password from a file. Commands that administrate are for nobody. */
async function writeRedisUsers(directory: string): Promise<void> {
  const lines = ['user default off'];
  for (const name of REDIS_USERS) {
    const password = randomBytes(SECRET_BYTES).toString('base64url');
    const hash = createHash('sha256').update(password).digest('hex');
    await writeWhole(files.redisPassword(directory, name), password, { mode: PRIVATE });
    lines.push(`user ${name} on #${hash} ${REDIS_SCOPES[name]} +@all -@admin -@dangerous +info`);
  }
  await writeWhole(files.redisUsers(directory), `${lines.join('\n')}\n`, { mode: PRIVATE });
}

async function readOrUndefined(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return undefined;
    throw new Failure('storage_error', `${file} cannot be read`, { cause });
  }
}
