import { expect, it } from '@jest/globals';
import { newUid } from '@vectorizer/contracts';
import type { Log, LogMessage } from '@vectorizer/log';
import { mergedLog } from './merged-log.ts';

const entryAt = async (sequence: number): Promise<LogMessage> =>
  Promise.resolve({
    sequence,
    at: 0,
    bytes: new Uint8Array(),
    origin: { writers: [], more: 0 },
    pending: 1,
  });

/** Logs of entries without end, and when nobody reads any of them any more. */
function endlessLogs(shards: number): { readonly log: Pick<Log, 'read'>; readonly ended: Promise<unknown> } {
  const ends = Array.from({ length: shards }, () => Promise.withResolvers<void>());
  const log: Pick<Log, 'read'> = {
    async *read(_uid, shard, { after }) {
      try {
        for (let sequence = after + 1; ; sequence++) yield await entryAt(sequence);
      } finally {
        ends[shard]?.resolve();
      }
    },
  };
  return { log, ended: Promise.all(ends.map(async ({ promise }) => promise)) };
}

it.each([1, 2, 5])('reads no log any more when its follower leaves with entry %s', async (taken) => {
  const { log, ended } = endlessLogs(2);
  const start = { position: { sequences: [0, 0] }, created: [] };
  const { signal } = new AbortController();
  const merged = mergedLog(log, { uid: newUid(), start, silenceMs: 60_000, signal });
  for (let i = 0; i < taken; i++) await merged.next();
  await merged.return(undefined);
  await ended;
  expect(await merged.next()).toEqual({ done: true, value: undefined });
});
