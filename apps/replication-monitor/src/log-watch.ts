import { Failure } from '@vectorizer/errors';
import { oldestMissing, type Log } from '@vectorizer/log';
import { eachBounded } from './each-bounded.ts';
import type { LagBasis, LogPosition } from './lag.ts';
import type { KnownReplica, KnownShard } from './replica-registry.ts';

/** Logs looked at, at once. */
const LOOKS_IN_FLIGHT_MAX = 8;

/** Looks where the logs stand, and since when each replica misses what it misses. */
export class LogWatch {
  readonly #log: Log;
  #silent = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Logs that did not answer at the last look. */
  get silent(): number {
    return this.#silent;
  }

  /** Of a log that cannot be reached, what was known is kept. Throws the first failure, after all were tried. */
  async look(shards: readonly KnownShard[]): Promise<void> {
    const failures: Failure[] = [];
    await eachBounded(shards, LOOKS_IN_FLIGHT_MAX, async (shard) => {
      try {
        await this.#lookAt(shard);
      } catch (error) {
        const failure = Failure.from(error);
        // Between a collection's record and its log, and between the end of its log and the news of it.
        if (failure.type !== 'collection_not_found') failures.push(failure);
      }
    });
    this.#silent = failures.length;
    const [first] = failures;
    if (first !== undefined) throw first;
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
