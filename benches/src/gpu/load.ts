import { quantile } from '../outcome/statistics.ts';
import type { Collection, Asked } from './collection.ts';

export type Load = {
  /** Searches that are asked together, the next as soon as all of them are answered. */
  readonly together: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** Asks for so long; the latency is that of each search, from when its batch is asked until it is answered. */
export async function askTogether(
  collection: Collection,
  { together, milliseconds, ...asked }: Asked & { readonly together: number; readonly milliseconds: number },
): Promise<Load> {
  const latencies: number[] = [];
  const start = performance.now();
  let now = start;
  for (let query = 0; now - start < milliseconds; query += together) {
    const begun = now;
    const ask = async (i: number): Promise<void> => {
      await collection.search(query + i, asked);
      latencies.push(performance.now() - begun);
    };
    await Promise.all(Array.from({ length: together }, async (_, i) => ask(i)));
    now = performance.now();
  }
  return { together, ...loadOf(latencies, now - start) };
}

export function loadOf(latencies: readonly number[], elapsedMs: number): Omit<Load, 'together'> {
  const perSecond = (latencies.length / elapsedMs) * 1_000;
  return { perSecond, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

export type Storm = {
  readonly together: number;
  readonly updatesPerSecond: number;
  readonly search: Load;
  readonly idle: Load;
};

const UPDATES = 100;

/** Searches while existing points get other vectors, entry after entry without a pause, after the same searches alone. */
export async function updateStorm(
  collection: Collection,
  rows: readonly Float32Array[],
  { together, milliseconds }: { readonly together: number; readonly milliseconds: number },
): Promise<Storm> {
  const idle = await askTogether(collection, { together, milliseconds });
  const end = performance.now() + milliseconds;
  let written = 0;
  const storm = async (): Promise<void> => {
    while (performance.now() < end) {
      const changes = Array.from({ length: UPDATES }, (_, i) => {
        const row = (written * 7_919 + i) % rows.length;
        return { row, vector: rows[(row + 1 + written) % rows.length] ?? new Float32Array() };
      });
      await collection.write(changes);
      written += UPDATES;
    }
  };
  const start = performance.now();
  const [search] = await Promise.all([askTogether(collection, { together, milliseconds }), storm()]);
  return { together, updatesPerSecond: (written / (performance.now() - start)) * 1_000, search, idle };
}
