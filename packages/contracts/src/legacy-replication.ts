import type { ReplicationStats } from './replication.ts';

/** As clients of the unversioned paths expect it: times as seconds since the epoch. */
export type LegacyStats<S extends ReplicationStats = ReplicationStats> = Omit<S, 'last_sync'> & {
  readonly last_sync: number;
};

export function legacyStats<S extends ReplicationStats>(stats: S): LegacyStats<S> {
  return { ...stats, last_sync: epochSeconds(stats.last_sync) };
}

/** 0: never. */
export function epochSeconds(time: string | null): number {
  return time === null ? 0 : Math.floor(Date.parse(time) / 1_000);
}
