import { describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { startNats, until } from '@vectorizer/testing';
import { connectNats } from './connection.ts';
import { LogProbe } from './log-probe.ts';

describe('a probe of the log servers', () => {
  it('says that nothing is stored while they stand still, and that it is again', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const probe = await LogProbe.open({ connection, replicas: 1 });
    expect(await probe.tookMs()).toBeGreaterThanOrEqual(0);
    nats.pause();
    // What was found a moment ago is good for a moment.
    await until(async () => fails(probe));
    await expect(probe.tookMs()).rejects.toMatchObject({ type: 'log_unavailable' });
    nats.resume();
    await until(async () => !(await fails(probe)));
    await connection.close();
  });

  it('says so though they answer, when there is no room', async () => {
    await using nats = await startNats({ sync: 'max_file_store: 262144' });
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const probe = await LogProbe.open({ connection, replicas: 1 });
    await probe.tookMs();
    await (await jetstreamManager(connection)).streams.add({ name: 'LARGE', subjects: ['large'] });
    const fill = async (): Promise<boolean> =>
      jetstream(connection)
        .publish('large', new Uint8Array(32_768))
        .then(
          () => false,
          () => true,
        );
    await until(fill, { what: 'the store being full' });
    expect(await connection.rtt()).toBeGreaterThanOrEqual(0);
    await until(async () => fails(probe));
    await connection.close();
  });
});

async function fails(probe: LogProbe): Promise<boolean> {
  return probe.tookMs().then(
    () => false,
    () => true,
  );
}
