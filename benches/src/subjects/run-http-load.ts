import type { HttpLoad, HttpLoadResult } from './http-load.ts';
import { inThread, workerFile } from './worker-file.ts';

/** Runs the load in a thread of its own and answers what it saw. */
export async function runHttpLoad(load: HttpLoad): Promise<HttpLoadResult> {
  return inThread(workerFile('./http-load', import.meta.url), load);
}
