import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, it } from '@jest/globals';
import { subjects } from '@vectorizer/contracts';
import { standingRoad, startNats, until, type NatsServer, type Road } from '@vectorizer/testing';
import { follow, openLog, readTo, request, soon, uid } from '../test/fixture.ts';
import type { Log } from './index.ts';

/** A log whose one reader comes to its server by a road. */
type Apart = AsyncDisposable & {
  readonly near: Log;
  readonly connection: NatsConnection;
  readonly road: Road;
  readonly far: Log;
};

async function setApart({ url, port }: NatsServer): Promise<Apart> {
  const { log: near, connection } = await openLog(url);
  await near.ensureStreams(uid, 1);
  const road = await standingRoad(port, 'first-0');
  const { log: far, connection: farther } = await openLog(`nats://127.0.0.1:${road.port}`);
  return {
    near,
    connection,
    road,
    far,
    async [Symbol.asyncDispose]() {
      await farther.close();
      await connection.close();
      await road[Symbol.asyncDispose]();
    },
  };
}

describe('reading the log', () => {
  it('resumes after its server was killed, without a gap and without a duplicate', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const { seen, end } = follow(log);
    const writer = log.writer(uid, 0);
    for (let i = 0; i < 5; i++) await writer.append(request(`a${i}`), soon());
    await until(() => seen.length === 5);
    await nats.kill();
    await nats.restart();
    for (let i = 0; i < 5; i++) await writer.append(request(`b${i}`), soon());
    await until(() => seen.length === 10, { what: 'reading on after the restart' });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await end();
    await connection.close();
  });

  it('regression: reads again what was lost on its way to a reader that stood still', async () => {
    await using nats = await startNats({ writeDeadline: '500ms' });
    await using apart = await setApart(nats);
    const { near, road, far } = apart;
    const writer = near.writer(uid, 0);
    await writer.append(request('first'), soon());
    const reading = readTo(far, 0, 37);
    await until(() => road.carries());
    road.stand();
    const large = Array.from({ length: 10 }, (_, i) => ({
      kind: 'upsert' as const,
      id: String(i),
      vector: new Float32Array(65_536),
    }));
    for (let i = 0; i < 6; i++) await writer.append({ id: `large-${i}`, ops: large }, soon());
    const dropped = async (): Promise<boolean> => {
      const { slow_consumers } = (await (await fetch(`${nats.monitorUrl}/varz`)).json()) as { slow_consumers: number };
      return slow_consumers > 0;
    };
    await until(dropped, { what: 'the server dropping the reader' });
    road.mend();
    // What comes after what was lost comes at once, before the reader has heard that it lost anything.
    for (let i = 0; i < 30; i++) await writer.append(request(`later-${i}`), soon());
    const entries = await reading;
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 37 }, (_, i) => i + 1));
  });

  it('regression: goes on when nobody can tell of its consumer after the connection was lost', async () => {
    await using nats = await startNats();
    await using apart = await setApart(nats);
    const { near, connection, road, far } = apart;
    const writer = near.writer(uid, 0);
    await writer.append(request('first'), soon());
    const { seen, end } = follow(far);
    await until(() => seen.length === 1);
    // Somebody hears it, and does not answer.
    connection.subscribe('$JS.API.CONSUMER.NONE.>');
    road.cut();
    // What the reader waits for is forgotten when there is an entry and nobody to send it to.
    await writer.append(request('second'), soon());
    road.misguide('CONSUMER.INFO', 'CONSUMER.NONE', 1);
    road.mend();
    await until(() => road.misguided() === 1, { what: 'the reader asking for its consumer' });
    await until(() => seen.length === 2, { what: 'reading on' });
    await end();
  });

  it('regression: reads on while nobody makes it a consumer', async () => {
    await using nats = await startNats();
    await using apart = await setApart(nats);
    const { near, connection, road, far } = apart;
    connection.subscribe('$JS.API.CONSUMER.NOBODY.>');
    road.misguide('CONSUMER.CREATE', 'CONSUMER.NOBODY', 2);
    const { seen, interruptions, end } = follow(far);
    const writer = near.writer(uid, 0);
    await until(() => road.misguided() === 1, { what: 'the reader asking for a consumer' });
    for (let i = 1; i <= 3; i++) {
      await writer.append(request(`${i}`), soon());
      await until(() => seen.length === i, { what: 'reading without a consumer' });
    }
    expect(interruptions).toEqual([]);
    await until(() => road.misguided() === 2, { what: 'the reader asking once more' });
    await writer.append(request('4'), soon());
    const hasConsumer = async (): Promise<boolean> => {
      const { consumers } = (await (await fetch(`${nats.monitorUrl}/jsz`)).json()) as { consumers: number };
      return consumers === 1;
    };
    await until(hasConsumer, { what: 'the reader having a consumer' });
    await writer.append(request('5'), soon());
    await until(() => seen.length === 5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    await end();
  });

  it('regression: says of the last entry that none follows it, though more was asked for meanwhile', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const last = 40;
    const writer = log.writer(uid, 0);
    for (let i = 1; i <= last; i++) await writer.append(request(`${i}`), soon());
    const stop = new AbortController();
    const wrong: number[] = [];
    // Little is asked for at a time, and what was has come before it is taken.
    for await (const { sequence, pending } of log.read(uid, 0, {
      after: 0,
      signal: stop.signal,
      pullBytesMax: 2_000,
    })) {
      if (pending > last - sequence) wrong.push(sequence);
      if (sequence === last) stop.abort();
      else await sleep(2);
    }
    expect(wrong).toEqual([]);
    await connection.close();
  });

  it('refuses a log that was replaced, that lost entries, or that has a foreign gap', async () => {
    await using nats = await startNats();
    const { log, connection } = await openLog(nats.url);
    await log.ensureStreams(uid, 1);
    const { created } = await log.state(uid, 0);
    await log.writer(uid, 0).append(request('first'), soon());
    const read = (after: number, was?: string): Promise<unknown> =>
      (async (): Promise<void> => {
        const { signal } = new AbortController();
        for await (const entry of log.read(uid, 0, { after, signal, ...(was === undefined ? {} : { created: was }) })) {
          if (entry.sequence > 0) break;
        }
      })();
    await expect(read(7, created)).rejects.toMatchObject({
      type: 'replica_diverged',
      message: 'the log ends at 1, but 7 was read from it',
    });
    await log.dropStreams(uid);
    await log.ensureStreams(uid, 1);
    await expect(read(0, created)).rejects.toMatchObject({ type: 'replica_diverged' });
    await log.dropStreams(uid);
    await expect(read(0)).rejects.toMatchObject({ type: 'collection_not_found' });
    expect(subjects.stream(uid, 0)).toBe('VZ_LOG_0123456789abcdef_0');
    await connection.close();
  });
});
