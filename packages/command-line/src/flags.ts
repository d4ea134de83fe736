import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { VectorizerClient } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';

/** How the commands of one program reach a server: each has flags of its own for that. */
export type Connector = {
  readonly addFlags: (command: Command) => Command;
  /** Of the options of such a command. */
  readonly connect: (options: object) => Promise<VectorizerClient>;
};

/** A key on the command line could be read by everybody on the machine; in a file its owner decides. */
export async function keyIn(path: string): Promise<string> {
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
    throw new InvalidArgumentError(
      `a whole number, ${max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `${min} to ${max}`}.`,
    );
  };
}

/** A parser of the address of a server, for an option. */
export function serverUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('such as http://127.0.0.1:15002.');
}
