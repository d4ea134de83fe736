import { parentPort, workerData } from 'node:worker_threads';
import hnswlib from 'hnswlib-node';
import { HNSW } from '../setting.ts';

/** A bare hnswlib-node insertion loop in a thread of its own: the rate that nothing around a graph can exceed. */
export type BareOrder = { readonly dimension: number; readonly capacity: number };
export type BareRequest = { readonly rows: readonly Float32Array[] } | { readonly write: string };
export type BareReply = { readonly milliseconds: number };

function serve({ dimension, capacity }: BareOrder): void {
  const index = new hnswlib.HierarchicalNSW('ip', dimension);
  index.initIndex(capacity, HNSW.m, HNSW.ef_construction);
  parentPort?.on('message', (request: BareRequest) => {
    if ('write' in request) {
      index.writeIndexSync(request.write);
      parentPort?.postMessage({ milliseconds: 0 } satisfies BareReply);
      return;
    }
    // What the loop needs is at hand before the clock starts.
    const rows = request.rows.map((row) => Array.from(row));
    const start = performance.now();
    for (const row of rows) index.addPoint(row, index.getCurrentCount());
    parentPort?.postMessage({ milliseconds: performance.now() - start } satisfies BareReply);
  });
}

serve(workerData as BareOrder);
