import { Worker } from 'node:worker_threads';
import type { HttpLoad, HttpLoadResult } from './http-load.ts';
import { workerFile } from './worker-file.ts';

/** Runs the load in a thread of its own and answers what it saw. */
export async function runHttpLoad(load: HttpLoad): Promise<HttpLoadResult> {
  const worker = new Worker(workerFile('./http-load', import.meta.url), { workerData: load });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the load ended early, with code ${code}`)));
  });
}
