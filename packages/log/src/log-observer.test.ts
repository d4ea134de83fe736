import { connect } from '@nats-io/transport-node';
import { expect, it } from '@jest/globals';
import { CollectionUid } from '@vectorizer/contracts';
import { startNats, until } from '@vectorizer/testing';
import { Log } from './index.ts';

it('tells of what is published, tried again, and waits', async () => {
  await using nats = await startNats();
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const published: { readonly bytes: number; readonly operations: number; readonly seconds: number }[] = [];
  let [pending, retries] = [0, 0];
  const log = await Log.open({
    connection,
    replicas: 1,
    observer: {
      published: (entry) => published.push(entry),
      retried: () => (retries += 1),
      pending: (change) => (pending += change),
    },
  });
  const uid = CollectionUid.parse('0123456789abcdef');
  await log.ensureStreams(uid, 1);
  const append = async (id: string, points: number): Promise<unknown> =>
    log.writer(uid, 0).append(
      {
        id,
        ops: Array.from({ length: points }, (_, i) => ({ kind: 'upsert', id: `${i}`, vector: Float32Array.of(1, 2) })),
      },
      Date.now() + 20_000,
    );
  await append('one', 3);
  expect(published).toMatchObject([{ operations: 3 }]);
  const size = (await log.entryAt(uid, 0, 1))?.bytes.byteLength;
  expect(published[0]?.bytes).toBe(size);
  expect(published[0]?.seconds).toBeGreaterThan(0);
  await until(() => pending === 0);
  nats.pause();
  const second = append('two', 2);
  expect(pending).toBe(2);
  await until(() => retries > 0);
  nats.resume();
  await second;
  await until(() => pending === 0);
  expect(published).toHaveLength(2);
  await connection.close();
});
