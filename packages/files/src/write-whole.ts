import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile } from './sync-file.ts';

/**
 * Puts a file there, or in the place of the one that is there; durable when it returns. A reader, and whoever comes after a
 * crash at any instant, finds the former content or the new one, whole. Of one file at a time by one process.
 *
 * By hand, since `write-file-atomic`, which is the library for it, does not sync the directory: after a loss of power the
 * name may be the former file's, or nobody's.
 */
export async function writeWhole(
  file: string,
  content: string | readonly Uint8Array[],
  { mode }: { readonly mode?: number } = {},
): Promise<void> {
  const draft = `${file}.new`;
  {
    await using handle = await open(draft, 'w', mode);
    for (const piece of typeof content === 'string' ? [Buffer.from(content)] : content) await handle.writeFile(piece);
    await handle.sync();
  }
  await rename(draft, file);
  await syncFile(dirname(file));
}
