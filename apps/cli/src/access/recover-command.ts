import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { processTerminal } from '@vectorizer/command-line';
import { Failure } from '@vectorizer/errors';
import { dataOption } from '../process/data-option.ts';
import { readState } from '../process/state-file.ts';

type Flags = {
  readonly out: string;
  readonly data: string;
  readonly logServers?: string;
  readonly tlsCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
};
type Place = { readonly servers: string; readonly tls?: Tls };
type Tls = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/** As services have it from their environment. */
const from = (flags: string, what: string, variable: string): Option => new Option(flags, what).env(variable);

/** `keys recover`, beside what else there is of keys: not through a gateway, which lets nobody in without one. */
export function registerRecovery(keys: Command): void {
  keys
    .command('recover')
    .description('make a key that may everything when all are lost, by the log servers themselves')
    .requiredOption('--out <file>', 'where it is written, for its owner alone to read')
    .addOption(dataOption())
    .addOption(from('--log-servers <urls>', 'instead of those of the data directory', 'VECTORIZER_NATS_URL'))
    .addOption(from('--tls-ca-file <file>', 'of their authority', 'VECTORIZER_TLS_CA_FILE'))
    .addOption(from('--tls-cert-file <file>', 'of operator, or of gateway', 'VECTORIZER_TLS_CERT_FILE'))
    .addOption(from('--tls-key-file <file>', 'its key', 'VECTORIZER_TLS_KEY_FILE'))
    .action(async (flags: Flags) => {
      // Not needed by any other command, and slow to load.
      const { newKeyId, newKeyText, recoverKey } = await import('@vectorizer/cluster');
      const place = flags.logServers === undefined ? await placeOf(flags.data) : placeIn(flags.logServers, flags);
      const text = newKeyText(newKeyId());
      await writeFile(flags.out, `${text}\n`, { mode: 0o600, flag: 'wx' });
      try {
        const { id } = await recoverKey({ ...place, text });
        processTerminal.out(`key ${id}, which may everything, is in ${flags.out}`);
      } catch (cause) {
        await rm(flags.out, { force: true });
        throw cause;
      }
    });
}

/** Of the instance that runs on a data directory. */
async function placeOf(data: string): Promise<Place> {
  const state = await readState(data);
  if (state?.log_urls === undefined) {
    throw new Failure('validation_error', `nothing runs on ${data}; start it, or say --log-servers`);
  }
  const { log_urls: urls, ca_file: caFile } = state;
  const servers = urls.join(',');
  if (caFile === undefined) return { servers };
  const of = (end: string): string => join(dirname(caFile), `operator.${end}`);
  return { servers, tls: { caFile, certFile: of('crt'), keyFile: of('key') } };
}

function placeIn(servers: string, { tlsCaFile, tlsCertFile, tlsKeyFile }: Flags): Place {
  if (tlsCaFile === undefined || tlsCertFile === undefined || tlsKeyFile === undefined) return { servers };
  return { servers, tls: { caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile } };
}
