import { join } from 'node:path';
import type { TlsFiles } from '@vectorizer/cluster';

/** Where `./vectorizer test --secure` had certificates made; undefined: the tests' instances speak in the clear. */
// The one way in which the command that runs the tests reaches them.
// oxlint-disable-next-line node/no-process-env -- tests have no configuration of their own
const directory = process.env['VECTORIZER_TEST_CERTS'];

/** Whether whatever tests start is encrypted, and knows its callers by certificate and key. */
export const isSecure = directory !== undefined;

/** What `up` is told. */
export function secureArguments(certificates: string | undefined = directory): readonly string[] {
  return certificates === undefined ? [] : ['--certs', certificates];
}
/** The certificate of the authority that signed theirs. */
export const authority = directory === undefined ? undefined : join(directory, 'ca.crt');
export const scheme = directory === undefined ? 'http' : 'https';

/** By which a test is known to a log server. */
export function operator(): { readonly tls?: TlsFiles } {
  return directory === undefined ? {} : { tls: tlsFiles(directory, 'operator') };
}

/** Of a directory that `certs init` made. */
export function tlsFiles(certificates: string, name: string): TlsFiles {
  const file = (end: string): string => join(certificates, `${name}.${end}`);
  return { caFile: join(certificates, 'ca.crt'), certFile: file('crt'), keyFile: file('key') };
}
