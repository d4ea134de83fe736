import type { CallContext, CollectionUid, Consistency, Sequences } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';

export type Demand = {
  readonly uid: CollectionUid;
  readonly consistency: Consistency;
  readonly seen?: Sequences | undefined;
};

/** Which sequence of a shard a read must reflect. */
export class Demands {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Undefined when it is known without asking the log, which saves the usual read a turn of the loop. */
  known({ consistency, seen }: Demand, shard: number): number | undefined {
    if (consistency === 'strong') return undefined;
    return consistency === 'session' ? (seen?.[shard] ?? 0) : 0;
  }

  /** What is in the log now: everything that was acknowledged before this was called. */
  async newest(uid: CollectionUid, shard: number, context: CallContext): Promise<number> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const failure = new Failure('deadline_exceeded', 'the log did not say in time where it stands');
    const timer = setTimeout(reject, Math.max(0, context.deadline - Date.now()), failure);
    try {
      const { lastSequence } = await Promise.race([this.#log.state(uid, shard), late]);
      return lastSequence;
    } finally {
      clearTimeout(timer);
    }
  }
}
