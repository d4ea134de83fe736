import { randomUUID } from 'node:crypto';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import {
  activity,
  ACTIVITY_MS,
  type Activity,
  ActivityCount,
  type Bus,
  type LatencyCounts,
  WATCHED_MS,
  watching,
} from '@vectorizer/contracts';
import { countOf, distributionOf, seriesOf, type Logger } from '@vectorizer/telemetry';
import { cacheActivities } from './cache-activity.ts';

export type ActivityOptions = {
  readonly service: string;
  readonly bus: Pick<Bus, 'announce' | 'listen'>;
  readonly logger: Logger;
  /** Its machine, and the port of its health and metrics. */
  readonly place: string;
};

/** How each count is read: what is told is what `/metrics` says. */
const COUNTS: Readonly<Record<ActivityCount, () => Promise<number>>> = {
  searches: async () => countOf('vectorizer_search_requests_total'),
  writes: async () => countOf('vectorizer_insert_requests_total'),
  failures: countFailures,
  operations_applied: async () => countOf('vectorizer_index_operations_applied_total'),
};
const NOTHING: LatencyCounts = { bounds: [], counts: [] };

/**
 * Tells every second what this process has done, for whoever shows the cluster, and only while somebody does: to read the
 * series of a thousand collections takes some milliseconds.
 */
export class ActivityTeller {
  readonly #options: ActivityOptions;
  readonly #process = randomUUID().slice(0, 8);
  readonly #timer: NodeJS.Timeout;
  #loop: EventLoopUtilization = performance.eventLoopUtilization();
  #watchedUntilMs = 0;

  constructor(options: ActivityOptions) {
    this.#options = options;
    options.bus.listen(watching, () => {
      this.#watchedUntilMs = performance.now() + WATCHED_MS;
    });
    this.#timer = setInterval(() => void this.#tell(), ACTIVITY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** A telling that fails is missed by nobody: the next one has all of it. */
  async #tell(): Promise<void> {
    const { bus, logger } = this.#options;
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#loop = loop;
    if (performance.now() > this.#watchedUntilMs) return;
    try {
      bus.announce(activity, await this.#now(utilization));
    } catch (error) {
      logger.debug({ err: error }, 'what this process does could not be told');
    }
  }

  async #now(loop_busy: number): Promise<Activity> {
    const { service, place } = this.#options;
    const counts = await Promise.all(ActivityCount.options.map(async (name) => [name, await COUNTS[name]()] as const));
    return {
      service,
      process: this.#process,
      place,
      uptime_ms: performance.now(),
      memory_bytes: process.memoryUsage.rss(),
      loop_busy,
      counts: Object.fromEntries(counts) as Activity['counts'],
      caches: await cacheActivities(),
      latencies: {
        search: await latencies('vectorizer_search_latency_seconds'),
        write: await latencies('vectorizer_insert_latency_seconds'),
      },
    };
  }
}

async function countFailures(): Promise<number> {
  const errors = await seriesOf('vectorizer_api_errors_total', {});
  return errors.reduce((sum, { labels, value }) => sum + (isFailure(Number(labels['status_code'])) ? value : 0), 0);
}

/** As the recording rules have it: what is not served at all is no failure. */
function isFailure(status: number): boolean {
  return status >= 500 && status !== 501;
}

async function latencies(metric: string): Promise<LatencyCounts> {
  const distribution = await distributionOf(metric);
  if (distribution === undefined) return NOTHING;
  return { bounds: [...distribution.bounds], counts: [...distribution.counts] };
}
