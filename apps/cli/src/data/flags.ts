import { InvalidArgumentError, Option, type Command } from 'commander';
import { instanceUrl } from '../instance.ts';

/** What every command that talks to an instance takes. */
export type ServerFlags = { readonly url?: string; readonly apiKey?: string; readonly data: string };

export function addServerFlags(command: Command): Command {
  return command
    .option('--url <url>', 'address of the instance (default: the one that runs on the data directory)', url)
    .addOption(new Option('--api-key <key>', 'sent as a bearer token').env('VECTORIZER_API_KEY'))
    .option('--data <directory>', 'data directory of the instance', 'data');
}

export async function serverOf({ url: given, apiKey, data }: ServerFlags): Promise<{ url: string; apiKey?: string }> {
  return { url: given ?? (await instanceUrl(data)), ...(apiKey === undefined ? {} : { apiKey }) };
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
