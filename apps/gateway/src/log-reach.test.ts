import { describe, expect, it } from '@jest/globals';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { collectionRecord } from '@vectorizer/testing';
import { LogReach } from './log-reach.ts';

const record = collectionRecord({ config: { dimension: 2, shards: 2 }, placement: [['a'], ['a']] });
const context = (ms = 60_000): { correlationId: string; deadline: number } => ({
  correlationId: 'test',
  deadline: Date.now() + ms,
});

type End = { readonly lastSequence: number; readonly servers: number };
type Counted = Pick<Log, 'state'> & { asked: number };

/** A log that says this, one answer after the other, and counts how often it was asked. */
function logOf(...ends: readonly (End | Failure)[]): Counted {
  const log: Counted = {
    asked: 0,
    state: async () => {
      const end = ends[Math.min(log.asked, ends.length - 1)];
      log.asked += 1;
      if (end === undefined || end instanceof Failure) throw end ?? new Error('nothing left to say');
      return Promise.resolve({ created: 'then', firstSequence: 1, bytes: 0, clockAheadMs: 0, ...end });
    },
  };
  return log;
}

const checked = (log: Pick<Log, 'state'>, ms?: number): Promise<void> =>
  new LogReach(log).check(record, [9], context(ms));

describe('a token that no read waits for', () => {
  it('is refused when it names what the log does not have', async () => {
    const reach = new LogReach(logOf({ lastSequence: 8, servers: 1 }));
    await expect(reach.check(record, [0, 9], context())).rejects.toMatchObject({
      type: 'token_ahead',
      details: { shard: 1, demanded: 9, log_ends_at: 8 },
    });
  });

  it('costs nothing when it names no more than is known', async () => {
    const log = logOf({ lastSequence: 8, servers: 1 });
    const reach = new LogReach(log);
    await reach.check(record, undefined, context());
    reach.learn(record.uid, [3, 5]);
    reach.learn(record.uid, [2, 6]);
    await reach.check(record, [3, 6], context());
    expect(log.asked).toBe(0);
    await reach.check(record, [3, 7], context());
    await reach.check(record, [3, 8], context());
    expect(log.asked).toBe(1);
    reach.forget(record.uid);
    await reach.check(record, [3, 8], context());
    expect(log.asked).toBe(3);
  });

  it('is taken when a new leader of the log knows better a moment later', async () => {
    const log = logOf({ lastSequence: 8, servers: 3 }, { lastSequence: 9, servers: 3 });
    await new LogReach(log).check(record, [9], context());
    expect(log.asked).toBe(2);
  });

  it('is refused for now when there is no time to find out whether a new leader knows better', async () => {
    await expect(checked(logOf({ lastSequence: 8, servers: 3 }), 100)).rejects.toMatchObject({
      type: 'replica_behind',
      details: { shard: 0, demanded: 9, log_ends_at: 8, lag_entries: 1 },
    });
  });

  it('is taken at its word when the log says nothing', async () => {
    const silent = { state: async (): ReturnType<Log['state']> => Promise.withResolvers<never>().promise };
    await expect(checked(silent)).resolves.toBeUndefined();
    await expect(checked(logOf(new Failure('log_unavailable', 'away')))).resolves.toBeUndefined();
    await expect(checked(silent, 0)).resolves.toBeUndefined();
  });
});
