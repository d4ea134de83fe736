import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const README = resolve(import.meta.dirname, '../../packages/client/README.md');
const EXAMPLE_URL = 'http://127.0.0.1:15002';

export type Examples = { readonly blocks: number; readonly text: string };

/** The TypeScript of the client's README as one module, about an instance: later blocks go on from earlier ones. */
export async function examplesFor(instance: { readonly url: string; readonly apiKey?: string }): Promise<Examples> {
  const { url, apiKey } = instance;
  const blocks = [...(await readFile(README, 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const key = apiKey === undefined ? '' : `, apiKey: '${apiKey}'`;
  const text = blocks.join('\n').replaceAll(new RegExp(`url: \\[?'${EXAMPLE_URL}'\\]?`, 'g'), `$&${key}`);
  return { blocks: blocks.length, text: text.replaceAll(EXAMPLE_URL, url) };
}
