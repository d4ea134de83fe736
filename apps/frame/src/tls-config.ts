import type { CalloutFiles, TlsFiles } from '@vectorizer/cluster';
import type { SettingValues } from '@vectorizer/settings';

export type HttpsFiles = {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who asks for more than the health has a certificate of this authority; undefined: anybody may ask. */
  readonly clientCaFile?: string;
};

export type TlsConfig = {
  /** To the log server and to Redis. */
  readonly identity?: TlsFiles;
  /** By which a gateway lets producers into the log servers. */
  readonly callout?: CalloutFiles;
  readonly https?: HttpsFiles;
};

/** `public`: clients without a certificate of the cluster's come here; `inner`: only its services and operators. */
export type Door = 'public' | 'inner';

type Files = Pick<
  SettingValues,
  | 'tls_ca_file'
  | 'tls_cert_file'
  | 'tls_key_file'
  | 'https_cert_file'
  | 'https_key_file'
  | 'callout_seed_file'
  | 'revoker_cert_file'
  | 'revoker_key_file'
>;

/** A service's certificate within the cluster, and the public one of a gateway where that is another. */
export function tlsConfigOf(settings: Files, door: Door): TlsConfig {
  const identity = identityOf(settings);
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(door === 'public' ? calloutOf(settings, identity) : {}),
    ...httpsOf(settings, { identity, door }),
  };
}

function identityOf({
  tls_ca_file: caFile,
  tls_cert_file: certFile,
  tls_key_file: keyFile,
}: Files): TlsFiles | undefined {
  if (caFile === undefined || certFile === undefined || keyFile === undefined) return undefined;
  return { caFile, certFile, keyFile };
}

function calloutOf(
  { callout_seed_file: seedFile, revoker_cert_file: certFile, revoker_key_file: keyFile }: Files,
  identity: TlsFiles | undefined,
): Pick<TlsConfig, 'callout'> {
  if (identity === undefined || seedFile === undefined || certFile === undefined || keyFile === undefined) return {};
  return { callout: { seedFile, revoker: { caFile: identity.caFile, certFile, keyFile } } };
}

function httpsOf(
  { https_cert_file: certFile, https_key_file: keyFile }: Files,
  { identity, door }: { readonly identity: TlsFiles | undefined; readonly door: Door },
): Pick<TlsConfig, 'https'> {
  if (door === 'public' && certFile !== undefined && keyFile !== undefined) return { https: { certFile, keyFile } };
  if (identity === undefined) return {};
  const own = { certFile: identity.certFile, keyFile: identity.keyFile };
  return { https: door === 'public' ? own : { ...own, clientCaFile: identity.caFile } };
}
