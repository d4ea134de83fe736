import {
  ACTIVITY_MS,
  ActivityCount,
  CacheCount,
  CacheTier,
  type Activity,
  type CacheSample,
  type DashboardSample,
  type ProcessSample,
} from '@vectorizer/contracts';
import { quantilesOf, sumOf } from './quantiles.ts';

/** Latencies are over this many tellings: of one second alone there are too few for a 99th percentile. */
const TELLINGS_MAX = 11;
/** A process that was silent for so long has ended, or is not to be counted on. */
const SILENT_MS_MAX = 5 * ACTIVITY_MS;
/** No more than these are remembered, whoever announces; a cluster has some tens. */
const PROCESSES_MAX = 1_024;

type Tellings = readonly Activity[];
type Heard = { atMs: number; tellings: Activity[] };
export type ClusterActivity = Pick<DashboardSample, 'rates' | 'latency_ms' | 'caches' | 'processes'>;

/** What the processes of the cluster have told of themselves lately. */
export class ActivityTable {
  readonly #heard = new Map<string, Heard>();

  hear(told: Activity, nowMs: number): void {
    this.#forget(nowMs);
    const known = this.#heard.get(told.process);
    if (known === undefined && this.#heard.size >= PROCESSES_MAX) return;
    const before = known?.tellings ?? [];
    this.#heard.set(told.process, { atMs: nowMs, tellings: [...before, told].slice(-TELLINGS_MAX) });
  }

  now(nowMs: number): ClusterActivity {
    this.#forget(nowMs);
    const all = [...this.#heard.values()].map(({ tellings }) => tellings);
    const latency = (kind: 'search' | 'write'): ReturnType<typeof quantilesOf> =>
      quantilesOf(
        sumOf(all.map((tellings) => ({ from: tellings[0]?.latencies[kind], to: tellings.at(-1)?.latencies[kind] }))),
      );
    return {
      rates: ratesOf(all),
      latency_ms: { search: latency('search'), write: latency('write') },
      caches: cachesOf(all),
      processes: all
        .flatMap((tellings) => tellings.at(-1) ?? [])
        .map(processOf)
        .toSorted(byServiceAndPlace),
    };
  }

  #forget(nowMs: number): void {
    for (const [process, { atMs }] of this.#heard) if (nowMs - atMs > SILENT_MS_MAX) this.#heard.delete(process);
  }
}

function ratesOf(all: readonly Tellings[]): Record<ActivityCount, number> {
  const rates = ActivityCount.options.map(
    (name) => [name, sum(ratesEach(all, { over: 2, countOf: ({ counts }) => counts[name] }))] as const,
  );
  return Object.fromEntries(rates) as Record<ActivityCount, number>;
}

function cachesOf(all: readonly Tellings[]): CacheSample[] {
  const newest = all.flatMap((tellings) => tellings.at(-1) ?? []);
  return CacheTier.options.flatMap((tier): CacheSample[] => {
    const of = ({ caches }: Activity): Activity['caches'][number] | undefined =>
      caches.find((cache) => cache.tier === tier);
    const bytes = newest.flatMap((told) => of(told)?.bytes ?? []);
    if (bytes.length === 0) return [];
    // Every process tells what the one Redis holds and has evicted.
    const overAll = tier === 'redis' ? most : sum;
    const rates = CacheCount.options.map((count) => {
      // Redis is asked for its evictions less often than is told of them.
      const over = count === 'evictions' ? TELLINGS_MAX : 2;
      const each = ratesEach(all, { over, countOf: (told) => of(told)?.counts[count] ?? 0 });
      return [count, count === 'evictions' ? overAll(each) : sum(each)] as const;
    });
    return [{ tier, rates: Object.fromEntries(rates) as CacheSample['rates'], bytes: overAll(bytes) }];
  });
}

type Rate = { readonly over: number; readonly countOf: (told: Activity) => number };

/** Of each process: per second, over so many of its last tellings, by its own clock. */
function ratesEach(all: readonly Tellings[], { over, countOf }: Rate): number[] {
  return all.map((tellings) => {
    const [before, last] = [tellings.slice(-over)[0], tellings.at(-1)];
    if (before === undefined || last === undefined || last.uptime_ms <= before.uptime_ms) return 0;
    return (countOf(last) - countOf(before)) / ((last.uptime_ms - before.uptime_ms) / 1_000);
  });
}

/** A series that went with its collection takes its count along. */
function sum(values: readonly number[]): number {
  return Math.max(
    0,
    values.reduce((total, value) => total + value, 0),
  );
}

function most(values: readonly number[]): number {
  return Math.max(0, ...values);
}

function processOf({ service, process, place, uptime_ms, memory_bytes, loop_busy }: Activity): ProcessSample {
  return { service, process, place, uptime_ms: Math.round(uptime_ms), memory_bytes, loop_busy };
}

function byServiceAndPlace(a: ProcessSample, b: ProcessSample): number {
  return a.service.localeCompare(b.service) || a.place.localeCompare(b.place);
}
