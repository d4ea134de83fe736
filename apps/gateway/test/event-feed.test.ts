import { describe, expect, it } from '@jest/globals';
import { LocalBus } from '@vectorizer/cluster';
import { replicationEvent, replicationEvents, type CallContext, type ReplicationEvent } from '@vectorizer/contracts';
import { EventFeed } from '../src/replication/event-feed.ts';

const context = (): CallContext => ({ correlationId: 'c', deadline: Date.now() + 5_000 });
const event = (number: number): ReplicationEvent => ({ number, at: '2026-01-01T00:00:00.000Z', kind: 'monitor' });

/** A feed, and a monitor behind it that remembers these events and counts how often it was asked for them. */
function startFeed(
  remembered: ReplicationEvent[],
  keepAliveMs?: number,
): { bus: LocalBus; feed: EventFeed; asked: number[] } {
  const bus = new LocalBus();
  const asked: number[] = [];
  bus.serve(replicationEvents, async ({ after }) => {
    if (after < Number.MAX_SAFE_INTEGER) asked.push(after);
    const events = remembered.filter(({ number }) => number > after);
    return Promise.resolve({ events, last: remembered.at(-1)?.number ?? 0 });
  });
  return { bus, feed: new EventFeed(bus, keepAliveMs), asked };
}

async function take(text: AsyncIterable<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const part of text) {
    taken.push(part.split('\n')[0] ?? '');
    if (taken.length === count) break;
  }
  return taken;
}

describe('the feed of events', () => {
  it('says what is forgotten, to a client that has missed it', async () => {
    const { feed } = startFeed([event(4), event(5)]);
    const text = await feed.open(1, context());
    const parts: string[] = [];
    for await (const part of text) if (parts.push(part) === 4) break;
    expect(parts[1]).toBe('event: gap\ndata: {"from":2,"to":3}\n\n');
    expect(parts[2]).toMatch(/^id: 4\nevent: monitor\ndata: \{"number":4,/);
  });

  it('begins anew for a client of another life of the cluster', async () => {
    const { feed } = startFeed([event(1), event(2)]);
    expect(await take(await feed.open(999, context()), 3)).toEqual(['retry: 1000', 'id: 1', 'id: 2']);
  });

  it('finds the last event in the journal when its announcement was lost', async () => {
    const remembered = [event(1)];
    const { bus, feed } = startFeed(remembered, 20);
    bus.announce(replicationEvent, event(1));
    const text = (await feed.open(undefined, context()))[Symbol.asyncIterator]();
    expect((await text.next()).value).toBe('retry: 1000\nid: 1\n\n');
    remembered.push(event(2));
    const heard: string[] = [];
    while (!heard.some((part) => part.startsWith('id: 2'))) heard.push(String((await text.next()).value));
    expect(heard.at(-1)).toContain('event: monitor\n');
    await text.return?.();
  });

  it('asks for what a client lacks, and hands on what is announced without asking', async () => {
    const remembered = [event(1), event(2)];
    const { bus, feed, asked } = startFeed(remembered);
    const text = (await feed.open(undefined, context()))[Symbol.asyncIterator]();
    expect((await text.next()).value).toBe('retry: 1000\nid: 2\n\n');
    const next = text.next();
    for (const number of [3, 4]) {
      remembered.push(event(number));
      bus.announce(replicationEvent, event(number));
    }
    expect((await next).value).toContain('id: 3');
    expect((await text.next()).value).toContain('id: 4');
    expect(asked).toEqual([2]);
    await text.return?.();
  });

  it('misses none that was not announced', async () => {
    const remembered = [event(1)];
    const { bus, feed } = startFeed(remembered);
    const text = (await feed.open(undefined, context()))[Symbol.asyncIterator]();
    await text.next();
    const next = text.next();
    remembered.push(event(2), event(3));
    bus.announce(replicationEvent, event(3));
    expect((await next).value).toContain('id: 2');
    expect((await text.next()).value).toContain('id: 3');
    await text.return?.();
  });

  it('refuses more streams than it may hold', async () => {
    const { feed } = startFeed([]);
    const streams = await Promise.all(Array.from({ length: 256 }, async () => feed.open(undefined, context())));
    const open = streams.map((text) => text[Symbol.asyncIterator]());
    await Promise.all(open.map(async (text) => text.next()));
    await expect(feed.open(undefined, context())).rejects.toMatchObject({ type: 'overloaded' });
    await open[0]?.return?.();
    await expect(feed.open(undefined, context())).resolves.toBeDefined();
    await Promise.all(open.map(async (text) => text.return?.()));
  });
});
