import { oldestMissing } from '@vectorizer/log';

/** A report speaks for its moment; after so many heartbeats without another, the replica is measured against now. */
const REPORT_HEARTBEATS_MAX = 2;

/** Whether a report that is so old still says how its replica is, whose node speaks this often. */
export function speaksOfNow(silentMs: number, everyMs: number): boolean {
  return silentMs <= REPORT_HEARTBEATS_MAX * everyMs;
}

export type LogPosition = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly bytes: number;
  /** Of the clock that stamps the entries, before the monitor's. */
  readonly clockAheadMs: number;
};

/** What a replica's lag follows from, taken at one moment, so that its parts belong together. */
export type LagBasis = {
  /** When the replica said what it has applied (epoch); undefined when it was never heard. */
  readonly spokeAtMs: number | undefined;
  /** The oldest entry that it has not applied, and when it was logged by the log server's clock; undefined when there is none. */
  readonly missing: number | undefined;
  readonly oldestAtMs: number | undefined;
};

export type Lag = { readonly entries: number; readonly ms: number };
export const NO_LAG: Lag = { entries: 0, ms: 0 };

/** What the entries that a replica has not applied come to, by the mean size of those that it has, else of the log's. */
export function lagBytes(entries: number, report: Consumed | undefined, log: LogPosition | undefined): number {
  if (entries === 0) return 0;
  if (report !== undefined && report.entries_applied > 0) {
    return Math.round((entries * report.bytes_received) / report.entries_applied);
  }
  if (log === undefined) return 0;
  return Math.round((entries * log.bytes) / Math.max(1, log.lastSequence - log.firstSequence + 1));
}
type Consumed = { readonly bytes_received: number; readonly entries_applied: number };

/** Its newest report, and the basis of the last look, which may be older. */
export type LagOf = {
  readonly applied: number;
  readonly spokeAtMs: number | undefined;
  readonly silentMs: number;
  /** How often its node speaks. */
  readonly everyMs: number;
  readonly basis: LagBasis | undefined;
};

/**
 * `ms` is the age of the oldest entry that the replica has not applied: while it speaks, as of its report, since what
 * was logged after that it may well have applied; once it is silent as of now, so that it grows by the clock. `entries`
 * is what the log has and the replica has not told of, whatever any clock says.
 */
export function lagOf(replica: LagOf, log: LogPosition | undefined, nowMs: number): Lag {
  const missing = log === undefined ? undefined : oldestMissing(replica.applied, log);
  if (log === undefined || missing === undefined) return NO_LAG;
  const entries = log.lastSequence - missing + 1;
  const { basis } = replica;
  if (basis?.oldestAtMs === undefined) return { entries, ms: 0 };
  const wasHeard = replica.spokeAtMs !== undefined;
  const oldestAtMs = basis.oldestAtMs - log.clockAheadMs;
  if (!wasHeard || !speaksOfNow(replica.silentMs, replica.everyMs))
    return { entries, ms: Math.max(0, nowMs - oldestAtMs) };
  // A replica that has moved on since the last look is shown as it was then; the next look is at most a second away.
  const asOfMs = basis.missing === missing ? replica.spokeAtMs : basis.spokeAtMs;
  return { entries, ms: asOfMs === undefined ? 0 : Math.max(0, asOfMs - oldestAtMs) };
}
