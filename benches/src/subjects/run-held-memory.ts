import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { MemoryOrder } from './held-memory.ts';
import { workerFile } from './worker-file.ts';

/** The memory, in MB, of an open shard that is not open here. Where there is no /proc it is not known. */
export async function heldMemoryMb(order: MemoryOrder): Promise<number> {
  if (!existsSync('/proc/self/status')) return NaN;
  const child = fork(workerFile('./held-memory', import.meta.url), { execArgv: [...process.execArgv, '--expose-gc'] });
  child.send(order);
  return new Promise((resolve, reject) => {
    let held: number | undefined;
    child.once('message', (message: number) => (held = message));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 && held !== undefined) resolve(held);
      else reject(new Error(`measuring the memory of a shard ended with code ${code}`));
    });
  });
}
