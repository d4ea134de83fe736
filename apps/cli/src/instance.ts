import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DEFAULT_URL = 'http://127.0.0.1:15002';

/** Where the instance that runs on a data directory listens, as it wrote there; the default address when none did. */
export async function instanceUrl(dataDirectory: string): Promise<string> {
  const { url } = await stateOf(dataDirectory);
  return typeof url === 'string' && URL.canParse(url) ? url : DEFAULT_URL;
}

/** The certificate of the authority that signed those of the instance, where it has any. */
export async function instanceAuthority(dataDirectory: string): Promise<string | undefined> {
  const { ca_file: file } = await stateOf(dataDirectory);
  return typeof file === 'string' ? file : undefined;
}

/** A file that is missing, or was torn by a crash, says nothing. */
async function stateOf(dataDirectory: string): Promise<{ readonly url?: unknown; readonly ca_file?: unknown }> {
  try {
    const state: unknown = JSON.parse(await readFile(join(dataDirectory, 'run', 'state.json'), 'utf8'));
    return typeof state === 'object' && state !== null ? state : {};
  } catch {
    return {};
  }
}
