import { describe, expect, it } from '@jest/globals';
import type { ReplicaReport } from '@vectorizer/contracts';
import { LogWatch } from '../src/log-watch.ts';
import type { KnownShard } from '../src/replica-registry.ts';
import { statsOf } from '../src/replication-stats.ts';
import { ToldStates } from '../src/told-states.ts';
import { node, report, startMonitor, write, type Setting } from './fixture.ts';

/** A watch of one shard of one replica, by a clock that is moved by hand, which counts what it asks of the log. */
async function startWatch(setting: Setting): Promise<{
  readonly shard: KnownShard;
  readonly watch: LogWatch;
  readonly clock: { ms: number };
  readonly asked: () => number;
  readonly hear: (applied: number, phase?: ReplicaReport['phase']) => void;
}> {
  const { log } = setting;
  const record = await setting.collection([['a']]);
  const clock = { ms: 0 };
  const replica: KnownShard['replicas'][number] = {
    node: node('a'),
    placedAtMs: 0,
    states: new ToldStates(),
    heard: undefined,
    basis: undefined,
  };
  let asked = 0;
  const counting: Pick<typeof log, 'state' | 'entryAt'> = {
    state: async (...of) => {
      asked += 1;
      return log.state(...of);
    },
    entryAt: async (...of) => log.entryAt(...of),
  };
  return {
    shard: { record, shard: 0, replicas: [replica], log: undefined },
    watch: new LogWatch({ log: counting, monotonicMs: () => clock.ms }),
    clock,
    asked: () => asked,
    hear(applied_sequence, phase = 'following') {
      const at = { monotonicMs: clock.ms, epochMs: Date.now() };
      replica.heard = {
        report: report(record, { node: 'a', applied_sequence, phase }),
        host: '',
        port: 1,
        everyMs: 1_000,
        ...at,
      };
    },
  };
}

describe('the watch over the logs', () => {
  it('asks less often after a log whose replicas stand at its end, and at once when they do not', async () => {
    await using setting = await startMonitor();
    const { shard, watch, clock, asked, hear } = await startWatch(setting);
    await write(setting.log, shard.record.uid, 3);
    hear(3);
    for (let look = 1; look <= 11; look++) await watch.look([shard]);
    expect(asked()).toBe(3);
    // One that has applied more than was there, one that has not applied all, and one that has fallen silent.
    hear(4);
    await watch.look([shard]);
    hear(2);
    await watch.look([shard]);
    hear(3);
    clock.ms += 2_001;
    await watch.look([shard]);
    expect(asked()).toBe(6);
    expect(shard.log?.lastSequence).toBe(3);
  });

  it('regression: a log ends no earlier than what a replica has applied since it was looked at', async () => {
    await using setting = await startMonitor();
    const { shard, watch, hear } = await startWatch(setting);
    await watch.look([shard]);
    hear(3);
    expect(statsOf([shard], []).master_offset).toBe(3);
    hear(3, 'diverged');
    expect(statsOf([shard], []).master_offset).toBe(0);
  });

  it('asks again and again after a log that does not answer, and says so all the while', async () => {
    await using setting = await startMonitor();
    const { shard, watch, asked, hear } = await startWatch(setting);
    hear(0);
    await watch.look([shard]);
    setting.nats.pause();
    for (let look = 0; look < 8; look++) await watch.look([shard]).catch(() => undefined);
    // Left out of four looks, it is asked in each from the one that it did not answer.
    expect(asked()).toBe(1 + 4);
    expect(watch.silent).toBe(1);
    setting.nats.resume();
    await watch.look([shard]);
    expect(watch.silent).toBe(0);
  });
});
