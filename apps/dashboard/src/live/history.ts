import type { DashboardSample } from '@vectorizer/contracts';

/** Five minutes. */
export const SAMPLES_MAX = 300;

const series = ['searches', 'failed', 'writes', 'p50', 'p95', 'p99'] as const;
export type Series = (typeof series)[number];

/** The last samples as columns, oldest first; null where nothing was measured. Times are in seconds since the epoch. */
export type History = { readonly times: readonly number[] } & Readonly<Record<Series, readonly (number | null)[]>>;

export const NO_HISTORY: History = { times: [], searches: [], failed: [], writes: [], p50: [], p95: [], p99: [] };

export function extend(history: History, { at, rates, latency_ms }: DashboardSample): History {
  const search = latency_ms.search;
  return {
    times: add(history.times, Date.parse(at) / 1_000),
    searches: add(history.searches, rates.searches),
    failed: add(history.failed, rates.failures),
    writes: add(history.writes, rates.writes),
    p50: add(history.p50, search?.p50 ?? null),
    p95: add(history.p95, search?.p95 ?? null),
    p99: add(history.p99, search?.p99 ?? null),
  };
}

function add<Value>(column: readonly Value[], value: Value): readonly Value[] {
  return [...column.slice(1 - SAMPLES_MAX), value];
}
