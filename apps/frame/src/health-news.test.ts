import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LocalBus } from '@vectorizer/cluster';
import { serviceHealth } from '@vectorizer/contracts';
import { HeardHealth } from './health-news.ts';

type Heard = {
  readonly health: HeardHealth;
  /** A process says how it is. */
  readonly say: (service: string, address: string, full?: boolean) => Promise<void>;
};

function listen(): Heard {
  const bus = new LocalBus();
  return {
    health: new HeardHealth(bus),
    async say(service, address, full = false) {
      const disk = full ? { name: 'disk', up: false, message: 'full' } : { name: 'disk', up: true };
      bus.announce(serviceHealth, { service, address, checks: [disk] });
      await nextTurn();
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
});
