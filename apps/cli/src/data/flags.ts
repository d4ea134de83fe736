import { Option, type Command } from 'commander';
import { VectorizerClient } from '@vectorizer/client';
import { keyIn, serverUrl, type Connector } from '@vectorizer/command-line';
import { instanceAuthority, instanceUrl } from '../instance.ts';
import { trustAuthorityIn } from '../trust.ts';

/** What every command that talks to an instance takes. */
export type ServerFlags = {
  readonly url?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
  readonly data: string;
};

export function addServerFlags(command: Command): Command {
  return command
    .option('--url <url>', 'address of the instance (default: the one that runs on the data directory)', serverUrl)
    .addOption(new Option('--key-file <file>', 'holds the API key to use').env('VECTORIZER_API_KEY_FILE'))
    .addOption(new Option('--ca-file <file>', 'certificate of the authority to trust').env('VECTORIZER_CA_FILE'))
    .option('--data <directory>', 'data directory of the instance', 'data');
}

export async function serverOf({
  url: given,
  keyFile,
  caFile,
  data,
}: ServerFlags): Promise<{ url: string; apiKey?: string }> {
  const apiKey = keyFile === undefined ? undefined : await keyIn(keyFile);
  const authority = caFile ?? (await instanceAuthority(data));
  if (authority !== undefined) await trustAuthorityIn(authority);
  return { url: given ?? (await instanceUrl(data)), ...(apiKey === undefined ? {} : { apiKey }) };
}

/** The instance on this machine, or the one that is named. */
export const instance: Connector = {
  addFlags: addServerFlags,
  connect: async (options) => new VectorizerClient({ ...(await serverOf(options as ServerFlags)), connections: 1 }),
};
