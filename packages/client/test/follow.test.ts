import { describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '../src/vectorizer-client.ts';
import { failure, scripted } from './scripted-server.ts';

const event = (number: number): string =>
  `id: ${number}\nevent: node\ndata: {"number":${number},"at":"2026-11-27T10:00:00.000Z","kind":"node"}\n\n`;

const told = (id: string, name: string): string => `id: ${id}\nevent: ${name}\ndata: {"points":[],"sequences":[1]}\n\n`;

/** The numbers of the first so many events. */
async function take(url: string | readonly string[], count: number, after?: number): Promise<unknown[]> {
  await using client = new VectorizerClient({ url });
  const numbers: unknown[] = [];
  for await (const next of client.replication.events({ after })) {
    numbers.push(next.kind === 'gap' ? [next.from, next.to] : next.number);
    if (numbers.length === count) break;
  }
  return numbers;
}

describe('following events', () => {
  it('goes on after the last one that came whole, with none twice', async () => {
    await using server = await scripted([
      { text: `retry: 1000\nid: 4\n\n${event(5)}${event(6).slice(0, -4)}` },
      'hang up',
      failure(503, 'service_unavailable'),
      { text: `retry: 1000\nid: 5\n\n${event(6)}${event(7)}` },
    ]);
    expect(await take(server.url, 3)).toEqual([5, 6, 7]);
    expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '5', '5', '5']);
  });

  it('misses nothing when it is cut off before the first event (regression)', async () => {
    await using server = await scripted([{ text: 'retry: 1000\nid: 4\n\n' }, { text: event(5) }]);
    expect(await take(server.url, 1)).toEqual([5]);
    expect(server.seen[1]?.headers['last-event-id']).toBe('4');
  });

  it('tells two events that stand at one place, and none again where it goes on (regression)', async () => {
    await using server = await scripted([
      { text: `retry: 1000\n\n${told('a', 'position')}${told('b', 'points')}${told('b', 'caught-up')}` },
      { text: `retry: 1000\n\n${told('b', 'position')}${told('c', 'change')}` },
    ]);
    await using client = new VectorizerClient({ url: server.url });
    const heard: string[] = [];
    for await (const { event: name } of client.changes('books', { from: 'start' })) if (heard.push(name) === 4) break;
    expect(heard).toEqual(['position', 'points', 'caught-up', 'change']);
  });

  it('goes on with another gateway', async () => {
    await using gone = await scripted([{ text: event(8) }, 'hang up']);
    await using there = await scripted([{ text: event(9) }]);
    expect(await take([gone.url, there.url], 2, 7)).toEqual([8, 9]);
    expect(gone.seen[0]?.headers['last-event-id']).toBe('7');
    expect(there.seen[0]?.headers['last-event-id']).toBe('8');
  });

  it('tells what is forgotten', async () => {
    await using server = await scripted([{ text: `event: gap\ndata: {"from":2,"to":10}\n\n${event(11)}` }]);
    expect(await take(server.url, 2, 1)).toEqual([[2, 10], 11]);
  });

  it('throws what trying again would not mend, whether it comes as an answer or as an event', async () => {
    await using server = await scripted([failure(410, 'changes_gone')]);
    await expect(take(server.url, 1)).rejects.toMatchObject({ type: 'changes_gone', status: 410 });
    const error = { error: { type: 'changes_gone', message: 'gone', details: {} }, status_code: 410 };
    await using other = await scripted([{ text: `event: error\ndata: ${JSON.stringify(error)}\n\n` }]);
    await expect(take(other.url, 1)).rejects.toMatchObject({ type: 'changes_gone', status: 410 });
  });

  it('ends with its signal, also while there is nothing to hear', async () => {
    await using server = await scripted(['keep silent']);
    await using client = new VectorizerClient({ url: server.url });
    const stop = new AbortController();
    const heard = Array.fromAsync(client.changes('books', { signal: stop.signal }));
    while (server.seen.length === 0) await new Promise(setImmediate);
    stop.abort();
    expect(await heard).toEqual([]);
  });
});
