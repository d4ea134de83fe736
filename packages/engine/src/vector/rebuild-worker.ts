import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Graph, type GraphOptions } from './graph.ts';

/**
 * Builds a graph off the main thread. Vectors come in chunks, in label order; after the last one the graph is written
 * to `file`, synced, and its path is the answer. Each chunk is acknowledged, which bounds what waits here.
 */
export type RebuildOrder = { readonly options: GraphOptions; readonly file: string };
export type RebuildMessage = { readonly chunk: Float32Array } | { readonly end: true };
export type RebuildReply = { readonly added: number } | { readonly written: true };

async function run(order: RebuildOrder): Promise<void> {
  if (parentPort === null) return;
  const port = parentPort;
  const graph = Graph.create(order.options);
  const { dimension } = order.options;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  port.on('message', (message: RebuildMessage) => {
    if ('end' in message) {
      end();
      return;
    }
    for (let at = 0; at < message.chunk.length; at += dimension) graph.add(message.chunk.subarray(at, at + dimension));
    port.postMessage({ added: message.chunk.length / dimension } satisfies RebuildReply);
  });
  await ended;
  graph.saveHere(order.file);
  const handle = await open(order.file, 'r');
  await handle.sync();
  await handle.close();
  port.postMessage({ written: true } satisfies RebuildReply);
  port.close();
}

await run(workerData as RebuildOrder);
