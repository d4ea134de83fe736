import { expect, it } from '@jest/globals';
import { SharedRuns } from './shared-runs.ts';

it('gives each a run that begins after they asked, one at a time, shared by those that wait', async () => {
  const ends: PromiseWithResolvers<void>[] = [];
  const runs = new SharedRuns(async () => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    await end.promise;
  });
  const done: string[] = [];
  const ask = async (who: string): Promise<void> => {
    await runs.run().catch(() => done.push(`${who} failed`));
    done.push(who);
  };
  const first = ask('first');
  const later = [ask('second'), ask('third')];
  expect(ends).toHaveLength(1);
  ends[0]?.reject(new Error('away'));
  await first;
  expect(done).toEqual(['first failed', 'first']);
  // What the first came to is not theirs.
  expect(ends).toHaveLength(2);
  ends[1]?.resolve();
  await Promise.all(later);
  expect(done.slice(2)).toEqual(['second', 'third']);
  const last = ask('last');
  expect(ends).toHaveLength(3);
  ends[2]?.resolve();
  await last;
});
