import type { CallContext, CollectionUid, Consistency, Sequences } from '@vectorizer/contracts';
import type { LogEnd } from '@vectorizer/log';
import { LogTails, type LogTailsParts } from './log-tails.ts';

export type Demand = {
  readonly uid: CollectionUid;
  readonly consistency: Consistency;
  readonly seen?: Sequences | undefined;
  readonly max_lag_ms?: number | undefined;
};

/** Which sequence of a shard a read must reflect. */
export class Demands {
  readonly #tails: LogTails;

  constructor(parts: LogTailsParts) {
    this.#tails = new LogTails(parts);
  }

  /** At once when that is known without asking the log, which saves the usual read a turn of the loop. */
  of({ uid, consistency, seen, max_lag_ms }: Demand, shard: number, context: CallContext): number | Promise<number> {
    switch (consistency) {
      case 'eventual':
        return 0;
      case 'session':
        return seen?.[shard] ?? 0;
      case 'bounded':
        return atLeast(seen?.[shard] ?? 0, this.#tails.noOlderThan(uid, shard, { ageMs: max_lag_ms ?? 0, context }));
      case 'strong':
        return atLeast(seen?.[shard] ?? 0, this.#tails.now(uid, shard, context));
      default:
        return consistency satisfies never;
    }
  }

  /** Of every shard. */
  ofAll(demand: Demand, shards: number, context: CallContext): Sequences | Promise<Sequences> {
    const all = Array.from({ length: shards }, (_, shard) => this.of(demand, shard, context));
    const atOnce = all.filter((each) => typeof each === 'number');
    return atOnce.length === shards ? atOnce : Promise.all(all.map(async (each) => each));
  }

  /** Where the log of a shard ends, by its leader's word alone. */
  async endOf(uid: CollectionUid, shard: number, context: CallContext): Promise<LogEnd> {
    return this.#tails.saidEnd(uid, shard, context);
  }

  forget(uid: CollectionUid): void {
    this.#tails.forget(uid);
  }
}

function atLeast(seen: number, tail: number | Promise<number>): number | Promise<number> {
  return typeof tail === 'number' ? Math.max(seen, tail) : tail.then((sequence) => Math.max(seen, sequence));
}
