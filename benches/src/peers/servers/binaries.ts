import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../../../.tools/peers/bin');

/** What `./vectorizer bench peers` brought. */
export function binaryOf(name: string): string {
  const file = resolve(FOLDER, name);
  if (!existsSync(file)) throw new Error(`${name} is not there; see .tools/peers.log`);
  return file;
}
