import { figure, once, type Result } from '../outcome/result.ts';
import { quantile, spread } from '../outcome/statistics.ts';
import { slope, type Sample } from './fit.ts';

/** What a server was at a moment of a soak. */
export type Moment = {
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMb: number;
  /** Without the pages of mapped files. */
  readonly ownMb: number;
  readonly logServerMb: number;
};

/** Caches fill, code is compiled and the graph is rebuilt for the first time. */
const WARM_UP_SHARE = 1 / 3;
/** Garbage waits to be collected, and a graph that is rebuilt is there twice: what is left of that is the least of a minute. */
const FLOOR_SECONDS = 60;
/** From fewer minutes a slope is noise; it is told, and not judged. */
const FLOORS_MIN = 10;
/** Of the memory after the warm-up, in an hour: a server that may grow so would need a restart after ten hours of this. */
const GROWTH_MAX = 0.1;

/** The slopes of memory after the warm-up, in MB an hour; throws if that of the server's own is more than it may be. */
export function judge(moments: readonly Moment[]): Result[] {
  const warm = afterWarmUp(moments);
  const floors = floorsOf(warm, ({ ownMb }) => ownMb);
  const perHour = hourly(floors);
  const held = quantile(
    warm.map(({ ownMb }) => ownMb),
    0.5,
  );
  if (floors.length >= FLOORS_MIN && perHour > GROWTH_MAX * held) {
    throw new Error(
      `the server's memory grows by ${perHour.toFixed(0)} MB an hour, which is more than ${GROWTH_MAX * 100} % of its ${held.toFixed(0)} MB`,
    );
  }
  return [
    figure('soak.memory_mb', 'MB', spread(warm.map(({ ownMb }) => ownMb))),
    once('soak.memory_mb_per_hour', 'MB/h', perHour),
    once('soak.memory_growth_per_hour', 'ratio', perHour / held),
    figure('soak.resident_mb', 'MB', spread(warm.map(({ residentMb }) => residentMb))),
    once('soak.resident_mb_per_hour', 'MB/h', hourly(floorsOf(warm, ({ residentMb }) => residentMb))),
    figure('soak.log_server_mb', 'MB', spread(warm.map(({ logServerMb }) => logServerMb))),
    once('soak.log_server_mb_per_hour', 'MB/h', hourly(floorsOf(warm, ({ logServerMb }) => logServerMb))),
  ];
}

function afterWarmUp(moments: readonly Moment[]): readonly Moment[] {
  const end = moments.at(-1)?.seconds ?? 0;
  return moments.filter(({ seconds }) => seconds > end * WARM_UP_SHARE);
}

/** The least of each minute. */
function floorsOf(moments: readonly Moment[], of: (moment: Moment) => number): Sample[] {
  const floors = new Map<number, Sample>();
  for (const moment of moments) {
    const minute = Math.floor(moment.seconds / FLOOR_SECONDS);
    const sample = { x: moment.seconds / 3_600, y: of(moment) };
    if (sample.y < (floors.get(minute)?.y ?? Infinity)) floors.set(minute, sample);
  }
  return [...floors.values()];
}

/** From one minute nothing can be told. */
function hourly(floors: readonly Sample[]): number {
  return floors.length < 2 ? NaN : slope(floors);
}
