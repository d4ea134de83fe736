import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@vectorizer/errors';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import { createLogger } from '@vectorizer/telemetry';
import { clusterId, watchCluster } from './cluster-id.ts';
import { connectNats } from './connection.ts';
import { Leases } from './leases.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('leases', () => {
  it('have one holder, who is followed by another when it gives up', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const leases = await Leases.open({ connection, replicas: 1, logger });
    const changes: string[] = [];
    const first = leases.hold('shard', 'a', (held) => changes.push(`a ${held}`));
    await until(() => first.held);
    const second = leases.hold('shard', 'b', (held) => changes.push(`b ${held}`));
    const other = leases.hold('another', 'b');
    await until(() => other.held);
    expect(second.held).toBe(false);
    await first.close();
    expect(first.held).toBe(false);
    await until(() => second.held);
    expect(changes).toEqual(['a true', 'a false', 'b true']);
    await Promise.all([second.close(), other.close()]);
    await connection.close();
  });

  it('pass at once to the successor of a process that was killed, and to no other', async () => {
    await using nats = await startNats();
    const [killed, connection] = await Promise.all([
      connectNats({ servers: nats.url, name: 'killed' }),
      connectNats({ servers: nats.url, name: 'test' }),
    ]);
    const theirs = await Leases.open({ connection: killed, replicas: 1, logger });
    const ours = await Leases.open({ connection, replicas: 1, logger });
    const first = theirs.holdFrom('here#', { name: 'node', owner: 'here#1' });
    await until(() => first.held);
    await killed.close();
    const stranger = ours.holdFrom('there#', { name: 'node', owner: 'there#1' });
    const next = ours.holdFrom('here#', { name: 'node', owner: 'here#2' });
    await until(() => next.held, { timeoutMs: 3_000, what: 'the successor holding it, before the lease would end' });
    expect(await ours.holder('node')).toBe('here#2');
    expect(stranger.held).toBe(false);
    await Promise.all([first.close(), stranger.close(), next.close()]);
    await connection.close();
  });

  it('pass from a holder that is cut off, which stops to act before another begins', async () => {
    await using nats = await startNats();
    const [cut, connection] = await Promise.all([
      connectNats({ servers: nats.url, name: 'cut' }),
      connectNats({ servers: nats.url, name: 'test' }),
    ]);
    const [theirs, ours] = await Promise.all([
      Leases.open({ connection: cut, replicas: 1, logger }),
      Leases.open({ connection, replicas: 1, logger }),
    ]);
    const order: string[] = [];
    const first = theirs.hold('shard', 'a', (held) => order.push(`a ${held}`));
    await until(() => first.held);
    const second = ours.hold('shard', 'b', (held) => order.push(`b ${held}`));
    await cut.close();
    await until(() => second.held);
    expect(order).toEqual(['a true', 'a false', 'b true']);
    await Promise.all([first.close(), second.close()]);
    await connection.close();
  });
});

async function nameOf({ url }: NatsServer): Promise<string> {
  const connection = await connectNats({ servers: url, name: 'test' });
  const name = await clusterId({ connection, replicas: 1 });
  await connection.close();
  return name;
}

describe('the name of a cluster', () => {
  it('is one, whoever asks first', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const names = await Promise.all(Array.from({ length: 8 }, async () => clusterId({ connection, replicas: 1 })));
    expect(new Set(names).size).toBe(1);
    await connection.close();
  });

  it('tells those whose connection has come to log servers of another, and nobody else', async () => {
    await using here = await startNats();
    await using there = await startNats();
    const names = new Map([
      [here, await nameOf(here)],
      [there, await nameOf(there)],
    ]);
    const connection = await connectNats({ servers: `${here.url},${there.url}`, name: 'test' });
    const [own, other] = connection.getServer().endsWith(`:${here.port}`) ? [here, there] : [there, here];
    const heard: Failure[] = [];
    watchCluster({ connection, cluster: names.get(own) ?? '' }, (failure) => heard.push(failure));
    await other.stop();
    await own.kill();
    await own.restart();
    expect(await clusterId({ connection, replicas: 1 })).toBe(names.get(own));
    await other.restart();
    await own.kill();
    await until(() => heard.length > 0, { what: 'being told' });
    const message = expect.stringContaining(`of cluster ${names.get(other)} now`);
    expect(heard).toEqual([expect.objectContaining({ message })]);
    await connection.close();
  });
});
