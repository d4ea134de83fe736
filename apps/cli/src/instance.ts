import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DEFAULT_URL = 'http://127.0.0.1:15002';

/** Where the instance that runs on a data directory listens, as it wrote there; the default address when none did. */
export async function instanceUrl(dataDirectory: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(join(dataDirectory, 'run', 'state.json'), 'utf8');
  } catch {
    return DEFAULT_URL;
  }
  return urlIn(text) ?? DEFAULT_URL;
}

/** A file that was torn by a crash says nothing. */
function urlIn(text: string): string | undefined {
  try {
    const state = JSON.parse(text) as { readonly url?: unknown } | null;
    return typeof state?.url === 'string' && URL.canParse(state.url) ? state.url : undefined;
  } catch {
    return undefined;
  }
}
