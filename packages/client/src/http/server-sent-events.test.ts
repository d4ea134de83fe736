import { describe, expect, it } from '@jest/globals';
import { eventsIn, type ServerSentEvent } from './server-sent-events.ts';

const STREAM =
  'retry: 1000\n\nid: 1\nevent: change\ndata: {"é":1}\n\n: nothing new\n\ndata: a\ndata: b\n\nid: 3\nevent: change\ndata: {"cut';

async function eventsOf(bytesAtATime: number): Promise<ServerSentEvent[]> {
  const bytes = new TextEncoder().encode(STREAM);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += bytesAtATime)
      yield await Promise.resolve(bytes.slice(at, at + bytesAtATime));
  }
  return Array.fromAsync(eventsIn(chunks()));
}

describe('server-sent events', () => {
  it.each([1, 2, 7, 1_000])('are the same however they arrive, here in pieces of %i bytes', async (bytesAtATime) => {
    expect(await eventsOf(bytesAtATime)).toEqual([
      { id: '1', event: 'change', data: '{"é":1}' },
      { id: undefined, event: 'message', data: 'a\nb' },
    ]);
  });
});
