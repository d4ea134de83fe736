import type { ReplicaReport, ReplicaStatus } from '@vectorizer/contracts';

/** Beyond this a replica lags; at exactly this it does not. */
const LAG_MS_MAX = 1_000;

export type Seen = {
  /** Since its last heartbeat; since it was placed when there was none. */
  readonly silentMs: number;
  readonly disconnectedAfterMs: number;
  /** By its own word; undefined when it was never heard. */
  readonly phase: ReplicaReport['phase'] | undefined;
  /** Whether another replica has another state at the same sequence. */
  readonly differs: boolean;
  readonly lagMs: number;
};

/** The first that fits, in this order. A replica that has stopped serves nobody, so it counts as disconnected. */
export function statusOf({ silentMs, disconnectedAfterMs, phase, differs, lagMs }: Seen): ReplicaStatus {
  if (silentMs > disconnectedAfterMs) return 'Disconnected';
  if (phase === 'diverged' || differs) return 'Diverged';
  if (phase === 'failed') return 'Disconnected';
  if (phase === undefined || phase === 'syncing') return 'Syncing';
  return lagMs > LAG_MS_MAX ? 'Lagging' : 'Connected';
}
