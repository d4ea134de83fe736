import { readFileSync } from 'node:fs';
import type { Kind } from '@vectorizer/contracts';
import { Shard } from '@vectorizer/engine';
import { shardOptions } from './engine.ts';

/** A process of its own opens a shard and tells what memory that took: nothing else of a run is in the figure. */
export type MemoryOrder = { readonly directory: string; readonly dimension: number; readonly kind: Kind };

/** Searched before it is read, so that what only a search allocates is in it. */
const SEARCHES = 100;

async function serve(order: MemoryOrder): Promise<void> {
  const before = anonymousMb();
  const shard = await Shard.open(shardOptions(order));
  for (let i = 0; i < SEARCHES; i++) {
    const vector = Float32Array.from({ length: order.dimension }, (_, j) => Math.sin(i * j + 1));
    await shard.search({ vector, k: 10, with_payload: false, with_vector: false });
  }
  const held = anonymousMb() - before;
  process.send?.(held);
  await shard.close();
  process.disconnect();
}

/** Without the pages of mapped files, which the system takes back when it needs them. */
function anonymousMb(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1_024;
}

process.once('message', (order: MemoryOrder) => void serve(order));
