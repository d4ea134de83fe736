import { expect, it } from '@jest/globals';
import { newUid, type CallContext } from '@vectorizer/contracts';
import type { LogState } from '@vectorizer/log';
import { LogTails } from './log-tails.ts';

const uid = newUid();
const context: CallContext = { correlationId: 'c-1', deadline: Date.now() + 60_000 };

/** Where a log is known to end whose leader says what a test sets. */
class World {
  nowMs = 0;
  said = 0;
  created = 'then';
  servers = 3;
  applied = 0;
  readonly tails = new LogTails({
    log: { state: async () => Promise.resolve(this.state()) },
    now: () => this.nowMs,
    newest: () => this.applied,
  });

  async end(said: number): Promise<number> {
    this.said = said;
    return this.tails.now(uid, 0, context);
  }

  state(): LogState {
    const { created, said: lastSequence, servers } = this;
    return { created, firstSequence: 1, lastSequence, bytes: 0, servers, clockAheadMs: 0 };
  }
}

it('is no sooner than it was, until its leader has said so for long', async () => {
  const world = new World();
  expect([await world.end(7), await world.end(5)]).toEqual([7, 7]);
  world.nowMs += 2_999;
  expect(await world.end(5)).toBe(7);
  expect([await world.end(8), await world.end(6)]).toEqual([8, 8]);
  world.nowMs += 3_000;
  expect(await world.end(6)).toBe(6);
});

it('is no sooner than what a replica is known to have applied', async () => {
  const world = new World();
  world.applied = 9;
  expect([await world.end(8), await world.end(10)]).toEqual([9, 10]);
  expect(await world.tails.noOlderThan(uid, 0, { ageMs: 0, context })).toBe(10);
});

it('is what is said of another log of the same name, and of one that a single server keeps', async () => {
  const world = new World();
  await world.end(7);
  world.created = 'later';
  expect(await world.end(2)).toBe(2);
  world.servers = 1;
  expect(await world.end(1)).toBe(1);
});
