/** How often the logs are looked at, the replicas tended, and what belongs to nothing any more looked for. */
export type MonitorIntervals = { readonly lookMs: number; readonly tendMs: number; readonly sweepMs: number };

const SWEEP_MS = 30_000;
/** What was seen is acted upon soon; that costs no request as long as all is well. */
const TENDED_PER_LOOK = 4;

export function intervalsOf(lookMs: number): MonitorIntervals {
  return { lookMs, tendMs: lookMs / TENDED_PER_LOOK, sweepMs: SWEEP_MS };
}
