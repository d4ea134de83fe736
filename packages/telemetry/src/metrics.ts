import { collectDefaultMetrics, Counter, Gauge, Histogram, register } from 'prom-client';
import { inertMetric } from './no-metrics.ts';

/**
 * Metrics live in prom-client's default registry, which `/metrics` prints. A metric is made by whoever first asks for
 * its name, so that several parts of one process (and several instances of one part) share a series.
 */
export type MetricOptions<Label extends string> = {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
  /** Called before it is printed, and waited for, to set what is known elsewhere; of several of one name the first one's is. */
  readonly collect?: () => void;
};
export type HistogramOptions<Label extends string> = MetricOptions<Label> & { readonly buckets?: readonly number[] };

/** Seconds; resolves searches below a millisecond and still tells a two-second write from a ten-second one. */
export const latencyBuckets = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const;

export function counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label> {
  return (
    (inertMetric() as Counter<Label> | undefined) ??
    existing<Counter<Label>>(options.name, Counter) ??
    new Counter(settings(options))
  );
}

export function gauge<Label extends string = never>(options: MetricOptions<Label>): Gauge<Label> {
  return (
    (inertMetric() as Gauge<Label> | undefined) ??
    existing<Gauge<Label>>(options.name, Gauge) ??
    new Gauge(settings(options))
  );
}

export function histogram<Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label> {
  const buckets = [...(options.buckets ?? latencyBuckets)];
  return (
    (inertMetric() as Histogram<Label> | undefined) ??
    existing<Histogram<Label>>(options.name, Histogram) ??
    new Histogram({ ...settings(options), buckets })
  );
}

/** Memory that one use takes of this process, beside the heap; what several parts take is told by its changes. */
export function memoryUsage(type: 'index'): { inc(bytes: number): void } {
  return memoryGauge().labels(type);
}

/** The same, asked for whenever metrics are printed; the last to say how is asked. */
export function readMemoryUsage(type: 'cache', read: () => number): void {
  memoryReaders.set(type, read);
  memoryGauge();
}

const memoryReaders = new Map([['heap', (): number => process.memoryUsage().heapUsed]]);

function memoryGauge(): Gauge<'type'> {
  const memory = gauge({
    name: 'vectorizer_memory_usage_bytes',
    help: 'Memory of this process by use; process_resident_memory_bytes is the whole',
    labelNames: ['type'],
    collect() {
      for (const [type, read] of memoryReaders) memory.set({ type }, read());
    },
  });
  return memory;
}

/** Prometheus' text of every metric of this process, with its content type. */
export async function printMetrics(): Promise<{ readonly contentType: string; readonly text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}

/** Process and runtime metrics (memory, CPU, event-loop delay). Safe to call more than once. */
export function defaultMetrics(): void {
  memoryGauge();
  if (register.getSingleMetric('process_cpu_seconds_total') === undefined) collectDefaultMetrics();
}

function settings<Label extends string>(
  options: MetricOptions<Label>,
): {
  name: string;
  help: string;
  labelNames: Label[];
  collect?: () => void;
} {
  const { name, help, labelNames = [], collect } = options;
  return { name, help, labelNames: [...labelNames], ...(collect !== undefined && { collect }) };
}

function existing<Metric>(name: string, kind: new (...args: never[]) => Metric): Metric | undefined {
  const metric = register.getSingleMetric(name);
  if (metric === undefined) return undefined;
  if (metric instanceof kind) return metric;
  throw new TypeError(`metric ${name} exists as another kind`);
}
