import { describe, expect, it } from '@jest/globals';
import { NewCollection, type CollectionRecord } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { beat, node, report, startMonitor, write, type Setting } from './fixture.ts';

/** As a gateway leaves it that is killed right after the record. */
async function recordAlone({ catalog }: Setting, name: string): Promise<CollectionRecord> {
  return catalog.create(NewCollection.parse({ name, dimension: 2, shards: 2 }), () => [[node('a')], [node('a')]]);
}

describe('a collection without a log', () => {
  it('gets one when nothing was ever applied of it, and not before a gateway would have made it', async () => {
    await using setting = await startMonitor();
    const half = await recordAlone(setting, 'half');
    const lost = await recordAlone(setting, 'lost');
    const said = [0, 1].flatMap((shard) => [
      report(half, { node: 'a', shard }),
      report(lost, { node: 'a', shard, applied_sequence: 3 * shard }),
    ]);
    await beat(setting.bus, ...said);
    await until(() => setting.monitor.status().replicas.every(({ last_heartbeat: at }) => at !== null));
    setting.passed(9_000);
    await beat(setting.bus, ...said);
    expect(await setting.log.uids()).toEqual([]);
    const isMade = async (): Promise<boolean> => {
      setting.passed(100);
      await beat(setting.bus, ...said);
      return (await setting.log.uids()).length > 0;
    };
    await until(isMade, { what: 'the log being made' });
    await until(() =>
      setting.log.state(half.uid, 1).then(
        () => true,
        () => false,
      ),
    );
    await write(setting.log, half.uid);
    expect(await setting.log.uids()).toEqual([half.uid]);
  });
});
