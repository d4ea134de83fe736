import { Counter, Histogram, register } from 'prom-client';

/** Observations by upper bound, smallest first; the last count is of those above every bound. Not cumulative. */
export type Distribution = { readonly bounds: readonly number[]; readonly counts: readonly number[] };

/** What a counter has counted over all its series that have these labels; 0 as long as nobody has made it. */
export async function countOf(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const metric = register.getSingleMetric(name);
  if (!(metric instanceof Counter)) return 0;
  const { values } = await metric.get();
  const wanted = Object.entries(labels);
  return values
    .filter((series) => wanted.every(([label, value]) => (series.labels as Record<string, unknown>)[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** What a histogram has observed over all its series; undefined as long as nobody has made it. */
export async function distributionOf(name: string): Promise<Distribution | undefined> {
  const metric = register.getSingleMetric(name);
  if (!(metric instanceof Histogram)) return undefined;
  const { values } = await metric.get();
  const upTo = new Map<number, number>();
  for (const { labels, metricName, value } of values) {
    if (metricName !== `${name}_bucket`) continue;
    const bound = Number(String(labels['le']).replace('+Inf', 'Infinity'));
    upTo.set(bound, (upTo.get(bound) ?? 0) + value);
  }
  const ascending = [...upTo].toSorted(([a], [b]) => a - b);
  return {
    bounds: ascending.flatMap(([bound]) => (Number.isFinite(bound) ? [bound] : [])),
    counts: ascending.map(([, count], i) => count - (ascending[i - 1]?.[1] ?? 0)),
  };
}
