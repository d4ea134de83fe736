import {
  ACTIVITY_MS,
  ActivityCount,
  type Activity,
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

type Heard = { atMs: number; tellings: Activity[] };
export type ClusterActivity = Pick<DashboardSample, 'rates' | 'latency_ms' | 'processes'>;

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

/** Per second, between the last two tellings of each process, by its own clock. */
function ratesOf(all: readonly (readonly Activity[])[]): Record<ActivityCount, number> {
  const rates = ActivityCount.options.map((name) => {
    const rate = all.reduce((sum, tellings) => {
      const [before, last] = tellings.slice(-2);
      if (before === undefined || last === undefined || last.uptime_ms <= before.uptime_ms) return sum;
      return sum + (last.counts[name] - before.counts[name]) / ((last.uptime_ms - before.uptime_ms) / 1_000);
    }, 0);
    // A series that went with its collection takes its count along.
    return [name, Math.max(0, rate)] as const;
  });
  return Object.fromEntries(rates) as Record<ActivityCount, number>;
}

function processOf({ service, process, place, uptime_ms, memory_bytes, loop_busy }: Activity): ProcessSample {
  return { service, process, place, uptime_ms: Math.round(uptime_ms), memory_bytes, loop_busy };
}

function byServiceAndPlace(a: ProcessSample, b: ProcessSample): number {
  return a.service.localeCompare(b.service) || a.place.localeCompare(b.place);
}
