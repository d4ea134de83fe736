import { setTimeout as sleep } from 'node:timers/promises';

/** Points to a batch of a paced writer. */
export const PACED_BATCH = 10;
/** Batches under way at once; when there are more, the writer falls behind, and the achieved rate tells. */
const UNDER_WAY_MAX = 64;

/**
 * Writes batch after batch, each at its time whatever became of those before, until `signal` is aborted. Answers the
 * points per second that were written.
 */
export async function writeAtRate(
  pointsPerSecond: number,
  writeBatch: (batch: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<number> {
  const underWay = new Set<Promise<unknown>>();
  const everyMs = (PACED_BATCH / pointsPerSecond) * 1_000;
  const start = performance.now();
  let batch = 0;
  while (!signal.aborted) {
    const waitMs = start + batch * everyMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay);
    const writing = writeBatch(batch++).finally(() => underWay.delete(writing));
    underWay.add(writing);
  }
  await Promise.all(underWay);
  return (batch * PACED_BATCH) / ((performance.now() - start) / 1_000);
}

/** A vector moved by about a thousandth: all the work of a change, and the same neighbours. */
export function nudged(vector: Float32Array, by: number): Float32Array {
  return vector.map((x, i) => x * (1 + 0.001 * Math.sin(by + i)));
}
