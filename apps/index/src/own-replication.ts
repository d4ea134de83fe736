import type { ReplicaReport, ReplicationStats } from '@vectorizer/contracts';
import { oldestMissing, type Log } from '@vectorizer/log';

/** A log that does not answer in this time is away; logs asked at once. */
const LOOK_MS_MAX = 1_000;
const LOOKS_IN_FLIGHT_MAX = 8;

export type OwnStats = ReplicationStats & { readonly role: 'replica'; readonly connected_replicas: null };
export type OwnStatus = {
  readonly role: 'replica';
  readonly enabled: true;
  readonly stats: OwnStats;
  readonly replicas: null;
};

/** Where a log was when it could last be asked, and the oldest entry that the replica had not applied then. */
type Look = { readonly lastSequence: number; readonly atMs: number; readonly missing: Missing | undefined };
type Missing = { readonly sequence: number; readonly loggedAtMs: number };
type Measured = { readonly report: ReplicaReport; readonly look: Look | undefined; readonly lagMs: number };

export type OwnReplicationOptions = {
  readonly replicas: () => readonly ReplicaReport[];
  readonly log: Pick<Log, 'state' | 'entryAt'>;
  readonly epochMs?: () => number;
};

/**
 * How far this node's replicas are, by its own word, for whoever asks the node itself. Of a log that cannot be asked, what
 * was last known is held against the clock, so that the lag of a node that is cut off grows.
 */
export class OwnReplication {
  readonly #options: OwnReplicationOptions;
  readonly #epochMs: () => number;
  readonly #startedMs: number;
  #looks: ReadonlyMap<string, Look> = new Map();

  constructor(options: OwnReplicationOptions) {
    this.#options = options;
    this.#epochMs = options.epochMs ?? Date.now;
    this.#startedMs = this.#epochMs();
  }

  async status(): Promise<OwnStatus> {
    const reports = this.#options.replicas();
    const measured: Measured[] = [];
    for (let i = 0; i < reports.length; i += LOOKS_IN_FLIGHT_MAX) {
      const some = reports.slice(i, i + LOOKS_IN_FLIGHT_MAX);
      measured.push(...(await Promise.all(some.map(async (report) => this.#measure(report)))));
    }
    // Of replicas that are gone nothing is kept.
    this.#looks = new Map(measured.flatMap(({ report, look }) => (look ? [[nameOf(report), look] as const] : [])));
    return { role: 'replica', enabled: true, stats: statsOf(measured), replicas: null };
  }

  async #measure(report: ReplicaReport): Promise<Measured> {
    const before = this.#looks.get(nameOf(report));
    const look = await within(LOOK_MS_MAX, this.#look(report)).catch(() => undefined);
    const nowMs = this.#epochMs();
    if (look !== undefined) return { report, look, lagMs: look.missing ? nowMs - look.missing.loggedAtMs : 0 };
    const missing = before?.missing;
    const stillMissing = missing !== undefined && report.applied_sequence < missing.sequence;
    const sinceMs = stillMissing ? missing.loggedAtMs : (before?.atMs ?? this.#startedMs);
    return { report, look: before, lagMs: nowMs - sinceMs };
  }

  async #look({ uid, shard, applied_sequence }: ReplicaReport): Promise<Look> {
    const { log } = this.#options;
    const { clockAheadMs, ...ends } = await log.state(uid, shard);
    const { lastSequence } = ends;
    const sequence = oldestMissing(applied_sequence, ends);
    const entry = sequence === undefined ? undefined : await log.entryAt(uid, shard, sequence);
    const isMissing = sequence !== undefined && entry !== undefined;
    const missing = isMissing ? { sequence, loggedAtMs: entry.at - clockAheadMs } : undefined;
    return { lastSequence, atMs: this.#epochMs(), missing };
  }
}

function statsOf(measured: readonly Measured[]): OwnStats {
  const reports = measured.map(({ report }) => report);
  const pending = measured.map(({ report, look }) => Math.max(0, (look?.lastSequence ?? 0) - report.applied_sequence));
  const syncs = reports.flatMap(({ last_applied_at }) => last_applied_at ?? []);
  return {
    role: 'replica',
    lag_ms: Math.round(largest(measured.map(({ lagMs }) => Math.max(0, lagMs)))),
    bytes_sent: 0,
    bytes_received: sum(reports.map(({ bytes_received }) => bytes_received)),
    last_sync: syncs.toSorted().at(-1) ?? null,
    operations_pending: sum(pending),
    snapshot_size: sum(reports.map(({ snapshot }) => snapshot?.bytes ?? 0)),
    connected_replicas: null,
    master_offset: sum(measured.map(({ report, look }) => Math.max(look?.lastSequence ?? 0, report.applied_sequence))),
    replica_offset: sum(reports.map(({ applied_sequence }) => applied_sequence)),
    lag_operations: largest(pending),
    total_replicated: sum(reports.map(({ operations_applied }) => operations_applied)),
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('late')), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function nameOf({ uid, shard }: ReplicaReport): string {
  return `${uid}/${shard}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
