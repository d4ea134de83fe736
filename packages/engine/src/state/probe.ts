import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POINTS_FILE } from '../snapshot/write-snapshot.ts';

const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './probe-store.ts' : './probe-store.js', import.meta.url);

/**
 * Whether the store of a shard can be read to its end, and written to. LMDB follows what is in a page: one with a flipped bit can lead it out
 * of the file, which ends the process. So another process tries; true also when that is stopped by `signal` before it is through.
 */
export async function canBeUsed(directory: string, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return true;
  const child = spawn(process.execPath, [fileURLToPath(SCRIPT), join(directory, POINTS_FILE)], { stdio: 'ignore' });
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0 || signal.aborted;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
