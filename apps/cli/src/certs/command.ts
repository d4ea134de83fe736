import { resolve } from 'node:path';
import type { Command } from 'commander';
import { wholeNumber } from '@vectorizer/command-line';

type Flags = { readonly dir: string; readonly host: readonly string[]; readonly days: number };

const DAYS_MAX = 825;

export function registerCertificates(program: Command): void {
  program
    .command('certs')
    .description('certificates of a development authority')
    .command('init')
    .description('make the authorities, if there are none, and a certificate for each service, server and operator')
    .option('--dir <directory>', 'where they are kept', './certs')
    .option('--host <name>', 'beside loopback: a name or address of the services; may be given again', collect, [])
    .option(
      '--days <n>',
      'how long the certificates hold; the authority holds ten years',
      wholeNumber(1, DAYS_MAX),
      365,
    )
    .action(async ({ dir, host, days }: Flags) => {
      const directory = resolve(dir);
      // Not needed by any other command, and slow to load.
      const { writeCertificates } = await import('./certificates.ts');
      const authority = await writeCertificates({ directory, hosts: host, days });
      process.stdout.write(
        `${authority === 'new' ? 'a new authority and' : 'new'} certificates for ${days} days are in ${directory}\n` +
          'keep ca.key, routes-ca.key and the other keys to yourself; clients need ca.crt\n',
      );
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
