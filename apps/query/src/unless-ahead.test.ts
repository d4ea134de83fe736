import { expect, it } from '@jest/globals';
import type { LogEnd } from '@vectorizer/log';
import { unlessAhead } from './unless-ahead.ts';

const endAt = (lastSequence: number, servers: number): LogEnd => ({ created: 'then', lastSequence, servers });

it('waits for what a log that has changed its leader may have, though it is not told so at first', async () => {
  const { promise: answering, resolve } = Promise.withResolvers<string>();
  const ends = [4, 4, 5];
  const endOf = async (): Promise<LogEnd> => {
    const end = endAt(ends.shift() ?? 5, 3);
    if (ends.length === 0) resolve('answer');
    return Promise.resolve(end);
  };
  expect(await unlessAhead(answering, { shard: 0, needed: 5, endOf })).toBe('answer');
});

it('is refused by the only server of a log that lacks what is demanded', async () => {
  const { promise: never } = Promise.withResolvers<string>();
  const options = { shard: 2, needed: 5, endOf: async () => Promise.resolve(endAt(4, 1)) };
  await expect(unlessAhead(never, options)).rejects.toMatchObject({
    type: 'token_ahead',
    details: { shard: 2, demanded: 5, log_ends_at: 4 },
  });
});
