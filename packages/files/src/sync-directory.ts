import { open } from 'node:fs/promises';

/** Makes the names in a directory durable: what was created, renamed or removed there. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}
