import { readFileSync } from 'node:fs';
import { isSecret, type Given } from './sources/given.ts';
import { settingOf } from './table/table.ts';
import { whyUnreadable } from './why-unreadable.ts';

/** A password or an address; a file that is longer is another one. */
const SECRET_CHARACTERS_MAX = 4_096;
const SHOWN_CHARACTERS_MAX = 60;

type Read = { readonly value: unknown } | { readonly reason: string };

/** The value, or what is wrong with it. A secret that is in a file is not looked at unless it is to be, and then undefined. */
export function readGiven(given: Given, readSecret: boolean): Read {
  const { name, inFile } = given;
  if (inFile && !readSecret) return { value: undefined };
  const text = inFile ? secretIn(given.text) : given.text;
  if (typeof text !== 'string') return { reason: `${name}: ${text.reason}` };
  const parsed = settingOf(name).type.parse(text);
  if ('value' in parsed) return parsed;
  const shown = isSecret(name) ? '' : `, not "${shortened(text)}"`;
  return { reason: `${name}: ${parsed.reason}${shown}` };
}

function secretIn(file: string): string | { readonly reason: string } {
  try {
    const text = readFileSync(file, 'utf8').trim();
    const isOne = text !== '' && text.length <= SECRET_CHARACTERS_MAX;
    return isOne ? text : { reason: `${file} does not hold one secret` };
  } catch (cause) {
    return { reason: `${file} cannot be read: ${whyUnreadable(cause)}` };
  }
}

function shortened(given: string): string {
  // A password does not belong into any address, and so could be in each.
  const text = given.replaceAll(/\/\/[^/@]*@/g, '//(hidden)@');
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}
