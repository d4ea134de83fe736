import { z } from 'zod';
import type { TlsFiles } from '@vectorizer/cluster';
import { readEnvironment, type Environment } from './environment.ts';

/** A service's certificate within the cluster, and the public one of a gateway where that is another. */
const Tls = z.object({
  VECTORIZER_TLS_CA_FILE: z.string().min(1).optional(),
  VECTORIZER_TLS_CERT_FILE: z.string().min(1).optional(),
  VECTORIZER_TLS_KEY_FILE: z.string().min(1).optional(),
  VECTORIZER_HTTPS_CERT_FILE: z.string().min(1).optional(),
  VECTORIZER_HTTPS_KEY_FILE: z.string().min(1).optional(),
});
type Tls = z.output<typeof Tls>;

const IDENTITY = ['VECTORIZER_TLS_CA_FILE', 'VECTORIZER_TLS_CERT_FILE', 'VECTORIZER_TLS_KEY_FILE'] as const;
const PUBLIC = ['VECTORIZER_HTTPS_CERT_FILE', 'VECTORIZER_HTTPS_KEY_FILE'] as const;

export type HttpsFiles = {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who asks for more than the health has a certificate of this authority; undefined: anybody may ask. */
  readonly clientCaFile?: string;
};

export type TlsConfig = {
  /** To the log server and to Redis. */
  readonly identity?: TlsFiles;
  readonly https?: HttpsFiles;
};

/** `public`: clients without a certificate of the cluster's come here; `inner`: only its services and operators. */
export type Door = 'public' | 'inner';

/** Throws when one of a set of files is missing. */
export function readTlsConfig(environment: Environment, door: Door): TlsConfig {
  const schema = Tls.check(({ value, issues }) => {
    for (const names of [IDENTITY, PUBLIC]) {
      const missing = names.filter((name) => value[name] === undefined);
      if (missing.length === 0 || missing.length === names.length) continue;
      const message = `needed with ${names.filter((name) => !missing.includes(name)).join(' and ')}`;
      for (const name of missing) issues.push({ code: 'custom', path: [name], message, input: undefined });
    }
  });
  const env = readEnvironment(schema, environment);
  const identity = identityOf(env);
  return {
    ...(identity === undefined ? {} : { identity }),
    ...httpsOf(env, { identity, door }),
  };
}

function identityOf(env: Tls): TlsFiles | undefined {
  const [caFile, certFile, keyFile] = IDENTITY.map((name) => env[name]);
  if (caFile === undefined || certFile === undefined || keyFile === undefined) return undefined;
  return { caFile, certFile, keyFile };
}

function httpsOf(
  env: Tls,
  { identity, door }: { readonly identity: TlsFiles | undefined; readonly door: Door },
): Pick<TlsConfig, 'https'> {
  const [certFile, keyFile] = PUBLIC.map((name) => env[name]);
  if (door === 'public' && certFile !== undefined && keyFile !== undefined) return { https: { certFile, keyFile } };
  if (identity === undefined) return {};
  const own = { certFile: identity.certFile, keyFile: identity.keyFile };
  return { https: door === 'public' ? own : { ...own, clientCaFile: identity.caFile } };
}
