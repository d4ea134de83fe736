import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const README = resolve(import.meta.dirname, '../../packages/client/README.md');
const EXAMPLE_URL = 'http://127.0.0.1:15002';

export type Examples = { readonly blocks: number; readonly text: string };

/** The TypeScript of the client's README as one module, about the instance at `url`: later blocks go on from earlier ones. */
export async function examplesFor(url: string): Promise<Examples> {
  const blocks = [...(await readFile(README, 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  return { blocks: blocks.length, text: blocks.join('\n').replaceAll(EXAMPLE_URL, url) };
}
