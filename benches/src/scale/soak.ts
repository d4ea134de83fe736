import { syntheticDataset, type Dataset } from '../data/dataset.ts';
import { wholeOf } from '../data/spans.ts';
import { nudged, PACED_BATCH, writeAtRate } from '../measure/paced-writer.ts';
import { FULL, QUICK } from '../options.ts';
import { figure, once, type Result } from '../outcome/result.ts';
import { quantile, spread } from '../outcome/statistics.ts';
import { Server } from '../subjects/server.ts';
import { startSystem, type System } from '../subjects/system.ts';
import type { ScaleRun } from './part.ts';
import { judge, type Moment } from './steady.ts';

const CONNECTIONS = 32;
const DIMENSION = 128;
/** Of the searches that the server can answer beside the updates. */
const SHARE_OF_LIMIT = 0.7;
const UPDATES_PER_SECOND = 200;
const EVERY_MS = 10_000;
const LIMIT_MS = 10_000;

/**
 * Searches and updates at a steady 70 % of what a standalone server can do, for so many minutes: what memory it has and
 * how long its slowest searches take, every ten seconds. Fails when its memory grows faster than it may.
 */
export async function soak({ quick, minutes, progress, say }: ScaleRun): Promise<Result[]> {
  const dataset = syntheticDataset({ ...(quick ? QUICK : FULL).size, dimension: DIMENSION });
  await using system = await progress.phase('soak: start', () => startSystem());
  await using server = new Server(system.url, dataset);
  await server.create();
  await progress.phase('soak: fill', () => server.fill(wholeOf(dataset.rows)));
  const stop = new AbortController();
  const writing = writeAtRate(UPDATES_PER_SECOND, updatesOf(server, dataset), stop.signal);
  try {
    await server.search(CONNECTIONS, LIMIT_MS);
    const limit = await progress.phase('soak: the limit', () => server.search(CONNECTIONS, LIMIT_MS));
    const perSecond = SHARE_OF_LIMIT * limit.perSecond;
    say(`soak: ${perSecond.toFixed(0)} searches and ${UPDATES_PER_SECOND} updates a second for ${minutes} minutes`);
    const moments = await observe({ system, server, say }, { perSecond, milliseconds: minutes * 60_000 });
    stop.abort();
    const updated = await writing;
    return [
      once('soak.minutes', 'min', minutes),
      once('soak.limit_per_s', '1/s', limit.perSecond),
      figure('soak.searches_per_s', '1/s', spread(moments.map((each) => each.perSecond))),
      once('soak.updates_per_s', '1/s', updated),
      figure('soak.p50_ms', 'ms', spread(moments.map(({ p50Ms }) => p50Ms))),
      figure('soak.p99_ms', 'ms', spread(moments.map(({ p99Ms }) => p99Ms))),
      ...judge(moments),
    ];
  } finally {
    stop.abort();
    await writing;
  }
}

/** Every point in turn gets a new vector. */
function updatesOf(server: Server, { rows }: Dataset): (batch: number) => Promise<void> {
  return async (batch) => {
    const points = Array.from({ length: PACED_BATCH }, (_, i) => {
      const written = batch * PACED_BATCH + i;
      const id = written % rows.length;
      return { id, vector: nudged(rows[id] ?? new Float32Array(), written) };
    });
    await server.upsert(points, 'applied');
  };
}

type Subject = { readonly system: System; readonly server: Server; readonly say: (line: string) => void };
type Load = { readonly perSecond: number; readonly milliseconds: number };

async function observe({ system, server, say }: Subject, { perSecond, milliseconds }: Load): Promise<Moment[]> {
  const moments: Moment[] = [];
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    const measured = await server.search(CONNECTIONS, EVERY_MS, { perSecond });
    const moment = {
      seconds: (performance.now() - start) / 1_000,
      perSecond: measured.perSecond,
      p50Ms: quantile(measured.latenciesMs, 0.5),
      p99Ms: quantile(measured.latenciesMs, 0.99),
      residentMb: system.residentMb(),
      ownMb: system.ownMb(),
      logServerMb: system.logServerMb(),
    };
    moments.push(moment);
    const { seconds, p99Ms, ownMb } = moment;
    say(`soak: ${seconds.toFixed(0)} s, p99 ${p99Ms.toFixed(1)} ms, ${ownMb.toFixed(0)} MB of its own`);
  }
  return moments;
}
