import { describe, expect, it } from '@jest/globals';
import { bench } from './bench.ts';

/** A set so small that its searches take some ten microseconds, and the whole run seconds. */
const CHECK = ['search.engine.share_of_bare', '--quick', '--check', '--synthetic', '2000x64'];

describe('bench --check', () => {
  it('passes with the engine as it is', async () => {
    const { code, out, err } = await bench(CHECK);
    expect({ code, err, out }).toMatchObject({ code: 0, err: expect.stringMatching(/search: done in \d+ s\n$/) });
    expect(out).toContain('all of 1 budgets are kept');
  });

  it('fails, naming the budget and the value, when every search of the engine takes longer', async () => {
    const { code, out } = await bench(CHECK, { VECTORIZER_BENCH_SEARCH_DELAY_MS: '0.1' });
    expect(code).toBe(1);
    expect(out).toMatch(/over budget: search\.engine\.share_of_bare is 0\.\d+; its budget is at least 0\.\d+/);
  });

  it('refuses a name that no figure has', async () => {
    const { code, err } = await bench(['serach']);
    expect(code).toBe(2);
    expect(err).toMatch(/^vectorizer: no figure begins with "serach"; there are search\.bare/);
  });
});
