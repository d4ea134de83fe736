import { eachBounded } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import { oldestMissing, type Log } from '@vectorizer/log';
import { speaksOfNow, type LagBasis, type LogPosition } from './lag.ts';
import type { KnownReplica, KnownShard } from './replica-registry.ts';

/** Logs looked at, at once. */
const LOOKS_IN_FLIGHT_MAX = 8;

/** A log is looked at this seldom while all of its replicas say that they stand where it ended. */
const QUIET_LOOKS = 5;

type AskedLog = Pick<Log, 'state' | 'entryAt'>;
type Parts = { readonly log: AskedLog; readonly monotonicMs: () => number };

/** Looks where the logs stand, and since when each replica misses what it misses. */
export class LogWatch {
  readonly #log: AskedLog;
  readonly #monotonicMs: () => number;
  /** How many looks a quiet log was left out of. */
  readonly #leftOut = new WeakMap<KnownShard, number>();
  /** Those whose logs did not answer when they were asked last. */
  #silent: ReadonlySet<KnownShard> = new Set();

  constructor({ log, monotonicMs }: Parts) {
    this.#log = log;
    this.#monotonicMs = monotonicMs;
  }

  /** How many logs did not answer at the last look. */
  get silent(): number {
    return this.#silent.size;
  }

  /** Of a log that cannot be reached, what was known is kept. Throws the first failure, after all were tried. */
  async look(shards: readonly KnownShard[]): Promise<void> {
    const failures = new Map<KnownShard, Failure>();
    const due = shards.filter((shard) => this.#isDue(shard));
    await eachBounded(due, LOOKS_IN_FLIGHT_MAX, async (shard) => {
      try {
        await this.#lookAt(shard);
      } catch (error) {
        const failure = Failure.from(error);
        // Between a collection's record and its log, and between the end of its log and the news of it.
        if (failure.type !== 'collection_not_found') failures.set(shard, failure);
      }
    });
    this.#silent = new Set(failures.keys());
    const [first] = failures.values();
    if (first !== undefined) throw first;
  }

  /**
   * To ask after each of a thousand idle logs every second would be most of what an idle cluster does. What is written to one
   * is seen by the heartbeats of those that apply it; only what none of them applies waits for the next look.
   */
  #isDue(shard: KnownShard): boolean {
    const leftOut = this.#leftOut.get(shard) ?? 0;
    const isDue = leftOut + 1 >= QUIET_LOOKS || this.#silent.has(shard) || !this.#isQuiet(shard);
    this.#leftOut.set(shard, isDue ? 0 : leftOut + 1);
    return isDue;
  }

  #isQuiet({ log, replicas }: KnownShard): boolean {
    const nowMs = this.#monotonicMs();
    return replicas.every(({ heard }) => {
      if (heard === undefined || heard.report.applied_sequence !== log?.lastSequence) return false;
      return speaksOfNow(nowMs - heard.monotonicMs, heard.everyMs);
    });
  }

  async #lookAt(shard: KnownShard): Promise<void> {
    const position: LogPosition = await this.#log.state(shard.record.uid, shard.shard);
    const times = timesOf(shard.replicas);
    const bases: [KnownReplica, LagBasis][] = [];
    for (const replica of shard.replicas) {
      const { heard } = replica;
      const applied = heard?.report.applied_sequence ?? 0;
      const missing = oldestMissing(applied, position);
      const at = missing === undefined ? undefined : (times.get(missing) ?? (await this.#timeOf(shard, missing)));
      if (missing !== undefined && at !== undefined) times.set(missing, at);
      bases.push([replica, { spokeAtMs: heard?.epochMs, missing, oldestAtMs: at }]);
    }
    // All at once, so that no view mixes two looks.
    shard.log = position;
    for (const [replica, basis] of bases) replica.basis = basis;
  }

  async #timeOf({ record, shard }: KnownShard, sequence: number): Promise<number | undefined> {
    return (await this.#log.entryAt(record.uid, shard, sequence))?.at;
  }
}

/** When the entries that replicas were missing at the last look were logged; that does not change. */
function timesOf(replicas: readonly KnownReplica[]): Map<number, number> {
  const bases = replicas.flatMap(({ basis }): readonly LagBasis[] => (basis === undefined ? [] : [basis]));
  return new Map(
    bases.flatMap(({ missing, oldestAtMs }): [number, number][] =>
      missing === undefined || oldestAtMs === undefined ? [] : [[missing, oldestAtMs]],
    ),
  );
}
