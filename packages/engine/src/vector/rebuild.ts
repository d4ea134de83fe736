import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Graph } from './graph.ts';
import { graphOptions, newGraphFileName, type GraphParameters } from './graph-file.ts';
import { LabelledGraph, type Labels } from './labelled-graph.ts';
import type { RebuildMessage, RebuildOrder, RebuildReply } from './rebuild-worker.ts';

/** Vectors of one chunk: a copy of 256 rows of 1 KiB takes well under a millisecond of the main thread. */
const CHUNK_BYTES = 256 * 1024;
/** Chunks on their way to the worker. */
const CHUNKS_IN_FLIGHT_MAX = 4;

export type RebuildSource = {
  /** The ids to build, as of now. */
  readonly ids: readonly string[];
  /** The id's present vector as the index holds it, with its version; undefined when the point is gone. */
  readonly vectorOf: (id: string) => { readonly vector: Float32Array; readonly version: number } | undefined;
};

/**
 * Builds a new graph of the source's points in a worker thread and loads it here. The points change meanwhile: the
 * answer says which version of which id each label is, and the caller reconciles. Rejects when `signal` is aborted.
 */
export async function rebuildGraph(
  source: RebuildSource,
  target: { readonly directory: string; readonly parameters: GraphParameters; readonly signal: AbortSignal },
): Promise<{ readonly graph: LabelledGraph; readonly file: string; readonly labels: Labels }> {
  const options = graphOptions(target.parameters);
  const file = newGraphFileName();
  const order: RebuildOrder = { options, file: join(target.directory, file) };
  const worker = new Worker(
    new URL(import.meta.url.endsWith('.ts') ? './rebuild-worker.ts' : './rebuild-worker.js', import.meta.url),
    {
      workerData: order,
    },
  );
  const stop = (): void => void worker.terminate();
  target.signal.addEventListener('abort', stop, { once: true });
  try {
    const labels = await feed(worker, source, { dimension: options.dimension, signal: target.signal });
    const graph = await Graph.load(order.file, { ...options, marked: 0 });
    return { graph: new LabelledGraph(graph, labels), file, labels };
  } catch (cause) {
    await worker.terminate();
    // The disk may be full, and what there is of it takes room.
    await rm(order.file, { force: true });
    throw cause;
  } finally {
    target.signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

async function feed(
  worker: Worker,
  source: RebuildSource,
  how: { readonly dimension: number; readonly signal: AbortSignal },
): Promise<Labels> {
  const failed = once(worker, 'exit').then(() => {
    throw new Error('the rebuild was stopped');
  });
  failed.catch(() => undefined);
  const errored = once(worker, 'error').then(([error]) => {
    throw error;
  });
  errored.catch(() => undefined);
  const worked = { inFlight: 0, written: false, wake: (): void => undefined };
  worker.on('message', (reply: RebuildReply) => {
    if ('written' in reply) worked.written = true;
    else worked.inFlight -= 1;
    worked.wake();
  });
  const progress = (): Promise<void> =>
    Promise.race([new Promise<void>((resolve) => (worked.wake = resolve)), failed, errored]);
  const post = (message: RebuildMessage, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);

  const labels = { ids: [] as string[], versions: [] as number[] };
  const rows = Math.max(1, Math.floor(CHUNK_BYTES / (how.dimension * 4)));
  for (let start = 0; start < source.ids.length; start += rows) {
    how.signal.throwIfAborted();
    const chunk = takeChunk(source, { start, rows, dimension: how.dimension, labels });
    worked.inFlight += 1;
    post({ chunk }, [chunk.buffer]);
    while (worked.inFlight >= CHUNKS_IN_FLIGHT_MAX) await progress();
    await yieldToOthers();
  }
  post({ end: true });
  while (!worked.written) await progress();
  return labels;
}

function takeChunk(
  source: RebuildSource,
  part: {
    readonly start: number;
    readonly rows: number;
    readonly dimension: number;
    readonly labels: { ids: string[]; versions: number[] };
  },
): Float32Array<ArrayBuffer> {
  const chunk = new Float32Array(part.rows * part.dimension);
  let taken = 0;
  for (const id of source.ids.slice(part.start, part.start + part.rows)) {
    const point = source.vectorOf(id);
    if (point === undefined) continue;
    chunk.set(point.vector, taken * part.dimension);
    part.labels.ids.push(id);
    part.labels.versions.push(point.version);
    taken += 1;
  }
  return chunk.slice(0, taken * part.dimension);
}
