import { describe, expect, it } from '@jest/globals';
import { EVENT_STREAM, type ReplicationEvent } from '@vectorizer/contracts';
import { startNats } from '@vectorizer/testing';
import { connectNats } from './connection.ts';
import { EventJournal } from './event-journal.ts';

const event = (replica: string): Omit<ReplicationEvent, 'number'> => ({
  at: '2026-01-01T00:00:00.000Z',
  kind: 'placed',
  replica,
});

describe('the journal of events', () => {
  it('numbers events once for all that write, and gives them back in order, a bounded count at once', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const journals = [
      await EventJournal.open({ connection, replicas: 1 }),
      await EventJournal.open({ connection, replicas: 1 }),
    ] as const;
    const written: ReplicationEvent[] = [];
    for (let i = 0; i < 300; i++) written.push(await journals[i % 2 === 0 ? 0 : 1].append(event(`r${i}`)));
    expect(written.map(({ number }) => number)).toEqual(written.map((_, i) => i + 1));
    const { events, last } = await journals[0].after(0);
    expect(last).toBe(300);
    expect(events).toEqual(written.slice(0, 256));
    expect((await journals[1].after(256)).events).toEqual(written.slice(256));
    expect(await journals[1].after(300)).toEqual({ events: [], last: 300 });
    await connection.close();
  });

  it('goes on counting when the old ones are forgotten and the server was started anew', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const journal = await EventJournal.open({ connection, replicas: 1 });
    for (let i = 0; i < 5; i++) await journal.append(event(`r${i}`));
    const forget = JSON.stringify({ keep: 2 });
    await connection.request(`$JS.API.STREAM.PURGE.${EVENT_STREAM.name}`, forget);
    expect((await journal.after(0)).events.map(({ number }) => number)).toEqual([4, 5]);
    await connection.close();
    await nats.kill();
    await nats.restart();
    const again = await connectNats({ servers: nats.url, name: 'test' });
    const reopened = await EventJournal.open({ connection: again, replicas: 1 });
    expect(await reopened.append(event('new'))).toMatchObject({ number: 6 });
    await again.close();
  });
});
