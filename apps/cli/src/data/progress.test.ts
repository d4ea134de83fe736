import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { recorded } from '../../test/recorded.ts';
import { showProgress } from './progress.ts';

describe('progress for a file', () => {
  it('is a line now and then, with a rate that leaves out what was there already', async () => {
    const { terminal, err } = recorded();
    const progress = showProgress(terminal, { label: 'loading', total: () => 50_000, lineEveryMs: 20 });
    progress.update({ reached: 20_000, done: 0 });
    progress.update({ reached: 20_100, done: 100 });
    let done = 100;
    const update = (): boolean => {
      done += 1;
      progress.update({ reached: 20_000 + done, done });
      return err.length > 0;
    };
    await until(update);
    progress.stop();
    expect(err).toEqual([expect.stringMatching(/^loading: 20,\d{3} of 50,000 rows, [\d,]+\/s, .+ left$/)]);
    const rate = Number(/([\d,]+)\/s/.exec(err[0] ?? '')?.[1]?.replaceAll(',', ''));
    expect(rate).toBeLessThan(2_000);
  });
});
