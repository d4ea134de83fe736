import { open } from 'node:fs/promises';

/** Makes a file's content durable, or a directory's names: what was created, renamed or removed there. */
export async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
