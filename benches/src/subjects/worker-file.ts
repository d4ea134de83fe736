import { Worker } from 'node:worker_threads';

/** The file of a worker thread beside `base`: the source when this runs from source, else what was compiled. */
export function workerFile(path: string, base: string): URL {
  return new URL(`${path}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}

/** Has a thread of its own do what it is ordered, and answers the one message that it sends. */
export async function inThread<Answer>(file: URL, order: unknown): Promise<Answer> {
  const worker = new Worker(file, { workerData: order });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`${file.pathname} ended early, with code ${code}`)));
  });
}
