import { createHash, randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { newCalloutKey } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import { writeWhole } from '@vectorizer/files';
import { makeDirectory } from '../process/make-directory.ts';
import { Authority } from './authority.ts';
import {
  AUTHORITIES,
  authorityOf,
  CLIENTS,
  files,
  IDENTITIES,
  REDIS_USERS,
  type AuthorityName,
  type Identity,
  type RedisUser,
} from './files.ts';

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
  /** Certificates that are there stay as they are, and only what is missing is made. */
  readonly keeps?: boolean;
};

/** Their own names for themselves. */
const SUBJECTS: Readonly<Record<AuthorityName, string>> = {
  ca: 'Vectorizer development CA',
  'routes-ca': 'Vectorizer development CA of log servers',
};
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const SECRET_BYTES = 32;
/** A key and a secret are their owner's alone. */
const PRIVATE = 0o600;
const PUBLIC = 0o644;

/**
 * Makes authorities, Redis passwords and the key by which producers are let in where there are none, and new certificates for everybody. Run again it keeps the
 * former, so that whoever trusts an authority goes on doing so. Answers whether the authority that clients trust is a new one.
 */
export async function writeCertificates(options: CertificateOptions): Promise<'new' | 'kept'> {
  const { directory } = options;
  await makeDirectory(directory);
  const made = new Map<AuthorityName, 'new' | 'kept'>();
  for (const name of AUTHORITIES) made.set(name, await writeSignedBy(name, options));
  if ((await readOrUndefined(files.redisUsers(directory))) === undefined) await writeRedisUsers(directory);
  if ((await readOrUndefined(files.calloutIssuer(directory))) === undefined) await writeCallout(directory);
  return made.get('ca') ?? 'kept';
}

/** An authority, if it is missing, and the certificates that it signs. Where none is to be signed nobody asks for its key. */
async function writeSignedBy(
  name: AuthorityName,
  { directory, hosts, days, keeps = false }: CertificateOptions,
): Promise<'new' | 'kept'> {
  const own = IDENTITIES.filter((identity) => authorityOf(identity) === name);
  const there = keeps ? await Promise.all(own.map(async (identity) => areThere(pairOf(directory, identity)))) : [];
  if (there.length > 0 && there.every(Boolean) && (await areThere([files.authority(directory, name)]))) return 'kept';
  const known = await loadAuthority(directory, name);
  const authority = known ?? (await Authority.create(SUBJECTS[name]));
  if (known === undefined) {
    await writeWhole(files.authorityKey(directory, name), authority.key, { mode: PRIVATE });
    await writeWhole(files.authority(directory, name), authority.certificate, { mode: PUBLIC });
  }
  for (const [i, identity] of own.entries()) {
    // What another authority has signed is worth nothing with a new one.
    if (known !== undefined && there[i] === true) continue;
    const reachedAt = CLIENTS.includes(identity) ? [] : [...LOOPBACK, ...hosts];
    const { certificate, key } = await authority.issue({ name: identity, hosts: reachedAt, days });
    await writeWhole(files.key(directory, identity), key, { mode: PRIVATE });
    await writeWhole(files.certificate(directory, identity), certificate, { mode: PUBLIC });
  }
  return known === undefined ? 'new' : 'kept';
}

/** Whether everything is there that an instance needs. */
export async function hasCertificates(directory: string): Promise<boolean> {
  return areThere([
    ...AUTHORITIES.map((name) => files.authority(directory, name)),
    files.redisUsers(directory),
    files.calloutSeed(directory),
    files.calloutIssuer(directory),
    ...IDENTITIES.flatMap((name) => pairOf(directory, name)),
  ]);
}

function pairOf(directory: string, name: Identity): readonly string[] {
  return [files.certificate(directory, name), files.key(directory, name)];
}

async function areThere(needed: readonly string[]): Promise<boolean> {
  return Promise.all(needed.map(async (file) => access(file))).then(
    () => true,
    () => false,
  );
}

async function loadAuthority(directory: string, name: AuthorityName): Promise<Authority | undefined> {
  const [certificate, key] = await Promise.all([
    readOrUndefined(files.authority(directory, name)),
    readOrUndefined(files.authorityKey(directory, name)),
  ]);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new Failure(
      'storage_error',
      `${directory} holds half an authority; ${name}.crt and ${name}.key belong together`,
    );
  }
  return Authority.load({ certificate, key }).catch((cause: unknown) => {
    throw new Failure('storage_error', `the authority ${name} in ${directory} cannot be read`, { cause });
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
