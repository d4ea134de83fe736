import { Counter, Gauge, Histogram, register } from 'prom-client';

/** Observations by upper bound, smallest first; the last count is of those above every bound. Not cumulative. */
export type Distribution = { readonly bounds: readonly number[]; readonly counts: readonly number[] };

type Labels = Readonly<Record<string, string>>;

/** What a counter or gauge says over all its series that have these labels; 0 as long as nobody has made it. */
export async function countOf(name: string, labels: Labels = {}): Promise<number> {
  return (await seriesOf(name, labels)).reduce((sum, { value }) => sum + value, 0);
}

export type Series = { readonly labels: Readonly<Record<string, unknown>>; readonly value: number };

/** The series of a counter or gauge that have these labels. */
export async function seriesOf(name: string, wanted: Labels): Promise<readonly Series[]> {
  const metric = register.getSingleMetric(name);
  if (!(metric instanceof Counter || metric instanceof Gauge)) return [];
  const { values } = await metric.get();
  const series: readonly Series[] = values;
  return series.filter(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value));
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
