import type { LatencyCounts, Quantiles } from '@vectorizer/contracts';

/** What a process had counted at two times; absent where it counts no such thing. */
export type Span = { readonly from: LatencyCounts | undefined; readonly to: LatencyCounts | undefined };

/** What was counted between the two times, over all that count by the same bounds as most do. */
export function sumOf(spans: readonly Span[]): LatencyCounts {
  const told = spans.flatMap(({ from, to }) =>
    from !== undefined && to !== undefined && to.bounds.length > 0 ? [{ from, to }] : [],
  );
  const byBounds = Map.groupBy(told, ({ to }) => to.bounds.join());
  const [same = []] = [...byBounds.values()].toSorted((a, b) => b.length - a.length);
  const bounds = same[0]?.to.bounds ?? [];
  const counts = bounds
    .concat(Infinity)
    .map((_, bucket) =>
      same.reduce((sum, { from, to }) => sum + Math.max(0, (to.counts[bucket] ?? 0) - (from.counts[bucket] ?? 0)), 0),
    );
  return { bounds, counts };
}

/** In milliseconds; null when nothing was counted. */
export function quantilesOf(latencies: LatencyCounts): Quantiles | null {
  const total = latencies.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || latencies.bounds.length === 0) return null;
  const at = (share: number): number => valueAt(latencies, share * total) * 1_000;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Within its bucket an observation may lie anywhere: as if they were spread evenly. Beyond the last bound, that bound. */
function valueAt({ bounds, counts }: LatencyCounts, rank: number): number {
  let below = 0;
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    if (below + count >= rank && count > 0) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return bounds.at(-1) ?? 0;
}
