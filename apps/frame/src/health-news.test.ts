import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LocalBus } from '@vectorizer/cluster';
import { HEALTH_SILENT_MS_MAX, serviceHealth } from '@vectorizer/contracts';
import { HeardHealth } from './health-news.ts';

type Heard = {
  readonly health: HeardHealth;
  /** A process says how it is. */
  readonly say: (service: string, address: string, full?: boolean) => Promise<void>;
  readonly pass: (ms: number) => void;
};

/** On a bus that has been heard since the beginning of time. */
function listen(): Heard {
  const bus = new LocalBus();
  let nowMs = 0;
  return {
    health: new HeardHealth(bus, () => nowMs),
    async say(service, address, full = false) {
      const disk = full ? { name: 'disk', up: false, message: 'full' } : { name: 'disk', up: true };
      bus.announce(serviceHealth, { service, address, checks: [disk] });
      await nextTurn();
    },
    pass(ms) {
      nowMs += ms;
    },
  };
}

describe('what is heard of the other processes', () => {
  it('is told of each, also where all of a service listen on one address, or all on one machine', async () => {
    const { health, say } = listen();
    await say('index', 'a:15002', true);
    await say('index', 'b:15002');
    await say('query', 'a:15002');
    const { check } = health.check('disk');
    await expect(check()).rejects.toThrow('index at a:15002: full');
    await say('index', 'a:15002');
    expect(await check()).toEqual({ processes: 3 });
  });

  it('fails when of a service nobody is there, and says how many there are of each', async () => {
    const { health, say, pass } = listen();
    const { check } = health.services(['query', 'index']);
    // Who has just begun to listen waits for the news.
    expect(await check()).toEqual({ processes: { query: 0, index: 0 } });
    pass(HEALTH_SILENT_MS_MAX + 1);
    await say('index', 'a:1');
    await say('index', 'b:1');
    expect(check).toThrow('nothing is heard of query; processes: 0 of query, 2 of index');
    await say('query', 'a:2');
    expect(await check()).toEqual({ processes: { query: 1, index: 2 } });
    pass(HEALTH_SILENT_MS_MAX + 1);
    expect(check).toThrow('nothing is heard of query, index');
  });
});
