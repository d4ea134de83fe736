import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { Failure } from '@vectorizer/errors';
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
    .option('--url <url>', 'address of the instance (default: the one that runs on the data directory)', url)
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

/** A key on the command line could be read by everybody on the machine; in a file its owner decides. */
async function keyIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Failure('validation_error', `the key file ${path} cannot be read`, { cause });
  });
  const key = text.trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new Failure('validation_error', `the key file ${path} does not hold one key`);
}

/** A parser of whole numbers within bounds, for an option. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(max === Number.MAX_SAFE_INTEGER ? `at least ${min}.` : `${min} to ${max}.`);
  };
}

function url(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('such as http://127.0.0.1:15002.');
}
