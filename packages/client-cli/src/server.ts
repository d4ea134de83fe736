import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { VectorizerClient } from '@vectorizer/client';
import { keyIn, serverUrl, type Connector } from '@vectorizer/command-line';

type ServerFlags = {
  readonly url: readonly string[];
  readonly key?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
};

const DEFAULT_URL = 'http://127.0.0.1:15002';

const urls = (text: string): readonly string[] => text.split(',').map((each) => serverUrl(each.trim()));

/** Wherever it is told to, by flags or by the environment. */
export const server: Connector = {
  addFlags: (command) =>
    command
      .addOption(
        new Option('--url <url>', 'of a gateway, or of several, with commas between them')
          .env('VECTORIZER_URL')
          .argParser(urls)
          .default([DEFAULT_URL], DEFAULT_URL),
      )
      .addOption(
        new Option('--key <key>', 'API key; everybody on this machine can read it here, and not in the variable')
          .env('VECTORIZER_API_KEY')
          .conflicts('keyFile'),
      )
      .addOption(new Option('--key-file <file>', 'holds the API key').env('VECTORIZER_API_KEY_FILE'))
      .addOption(new Option('--ca-file <file>', 'certificate of the authority to trust').env('VECTORIZER_CA_FILE')),
  async connect(options) {
    const { url, key, keyFile, caFile } = options as ServerFlags;
    const apiKey = keyFile === undefined ? key : await keyIn(keyFile);
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return new VectorizerClient({ url, apiKey, ca });
  },
};

export type Output = { readonly json?: boolean };

/** A command that asks the server and prints what it answers. */
export function asking(parent: Command, name: string, what: string): Command {
  return server.addFlags(parent.command(name).description(what)).option('--json', 'print JSON, and errors too');
}

/** Does something with a client, and closes it. */
export async function ask(options: object, act: (client: VectorizerClient) => Promise<void>): Promise<void> {
  await using client = await server.connect(options);
  await act(client);
}
