import { expect, it } from '@jest/globals';
import type { Log } from '@vectorizer/log';
import { collectionRecord } from '@vectorizer/testing';
import { startAt } from './position.ts';

const record = collectionRecord();

/** A log of so many servers, whose leader says one end after the other. */
function logOf(servers: number, ends: readonly number[]): Pick<Log, 'state'> {
  const left = [...ends];
  const state = { created: 'then', firstSequence: 1, bytes: 0, servers, clockAheadMs: 0 };
  return { state: async () => Promise.resolve({ ...state, lastSequence: left.shift() ?? 0 }) };
}

it('is what was seen, where a log that has changed its leader seems shorter for a moment', async () => {
  const { position } = await startAt('9', record, { log: logOf(3, [8, 9]), anew: false });
  expect(position).toEqual({ sequences: [9] });
});

it('is refused where the log of one server does not have what was seen', async () => {
  await expect(startAt('9', record, { log: logOf(1, [8]), anew: false })).rejects.toMatchObject({
    type: 'token_ahead',
    details: { shard: 0, demanded: 9, log_ends_at: 8 },
  });
});
