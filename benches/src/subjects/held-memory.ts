import type { Kind } from '@vectorizer/contracts';
import { Shard } from '@vectorizer/engine';
import { shardOptions } from './engine.ts';
import { ownMb } from './taken.ts';

/** A process of its own opens a shard and tells what memory that took: nothing else of a run is in the figure. */
export type MemoryOrder = { readonly directory: string; readonly dimension: number; readonly kind: Kind };

/** Searched before it is read, so that what only a search allocates is in it. */
const SEARCHES = 100;

async function serve(order: MemoryOrder): Promise<void> {
  const before = collectedMb();
  const shard = await Shard.open(shardOptions(order));
  for (let i = 0; i < SEARCHES; i++) {
    const vector = Float32Array.from({ length: order.dimension }, (_, j) => Math.sin(i * j + 1));
    await shard.search({ vector, k: 10, with_payload: false, with_vector: false });
  }
  const held = collectedMb() - before;
  process.send?.(held);
  await shard.close();
  process.disconnect();
}

/** Without garbage, and without the pages of mapped files. */
function collectedMb(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return ownMb(process.pid);
}

process.once('message', (order: MemoryOrder) => void serve(order));
